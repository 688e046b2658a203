using BucketProxy.Forwarder.Http1;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Forwarder.Tests.Http1;

public sealed class AnswerParsingTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";
    private const string Chunked = Ok + "Transfer-Encoding: chunked\r\n\r\n";

    [Theory]
    [InlineData(Ok + "Content-Length: 3\r\nETag: \"x\"\r\n\r\nabc", "ETag=\"x\"\n200 'OK' length=3 keeps=True trailers=False\nabc\n\nover, 0 left over")]
    [InlineData(Ok + "Content-Length: 3\r\n\r\nab", "200 'OK' length=3 keeps=True trailers=False\nab\n\nbroken off, 0 left over")]
    [InlineData(Ok + "Content-Length: 0\r\n\r\nHTTP/1.1", "200 'OK' length=0 keeps=True trailers=False\n\n\nover, 8 left over")]
    [InlineData("HTTP/1.1 200\r\nX:\t a \t\r\n\r\nrest", "X=a\n200 '' length= keeps=True trailers=False\nrest\n\nover, 0 left over")]
    [InlineData("HTTP/1.1 404 \r\nConnection: a, Close\r\n\r\n", "Connection=a, Close\n404 '' length= keeps=False trailers=False\n\n\nover, 0 left over")]
    [InlineData("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", "Connection=keep-alive\n200 'OK' length=1 keeps=False trailers=False\na\n\nover, 0 left over")]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc", "204 'No Content' length=3 keeps=True trailers=False\n\n\nover, 3 left over")]
    [InlineData("HTTP/1.1 304 x\u00e9y\r\n\r\n", "304 'x\u00e9y' length= keeps=True trailers=False\n\n\nover, 0 left over")]
    [InlineData(Chunked + "3\r\nabc\r\n00A;x=\"y\"\r\n0123456789\r\n0\r\n\r\nz", "Transfer-Encoding=chunked\n200 'OK' length= keeps=True trailers=False\nabc0123456789\n\nover, 1 left over")]
    [InlineData(Ok + "Trailer: A\r\nTransfer-Encoding: Chunked\r\n\r\n0;\r\nA: 1\r\nB: 2\r\n\r\n", "Trailer=A\nTransfer-Encoding=Chunked\n200 'OK' length= keeps=True trailers=True\n\nA: 1\r\nB: 2\r\n\nover, 0 left over")]
    [InlineData(Chunked + "3\r\nabc\r\n", "Transfer-Encoding=chunked\n200 'OK' length= keeps=True trailers=False\nabc\n\nbroken off, 0 left over")]
    [InlineData(Chunked + "0\r\n", "Transfer-Encoding=chunked\n200 'OK' length= keeps=True trailers=False\n\n\nbroken off, 0 left over")]
    [InlineData("HTTP/1.1 200 OK\r\nX: 1\r\n", "no head")]
    public void Answer_OneReading_Read(string answer, string expected)
    {
        Assert.Equal(expected, ReadAnswer.Of(answer, []));
        // Byte for byte.
        Assert.Equal(expected, ReadAnswer.Of(answer, Enumerable.Range(1, answer.Length)));
    }

    [Fact]
    public void Answer_ToHead_HasNoBody() =>
        Assert.Equal("200 'OK' length=3 keeps=True trailers=False\n\n\nover, 0 left over", ReadAnswer.Of(Ok + "Content-Length: 3\r\n\r\n", [], isToHead: true));

    public static TheoryData<string, string> Malformed
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var (shape, answer) in MalformedAnswers.All)
                all.Add(shape, answer);
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Answer_OfTwoReadings_Refused(string shape, string answer)
    {
        Assert.NotEmpty(shape);
        Assert.Throws<MalformedAnswerException>(() => ReadAnswer.Of(answer, []));
        Assert.Throws<MalformedAnswerException>(() => ReadAnswer.Of(answer, Enumerable.Range(1, answer.Length)));
    }
}
