using BucketProxy.Gateway.Upstream;

namespace BucketProxy.Gateway.Tests.Upstream;

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

    /// <summary>What could be read as two answers, or as none.</summary>
    public static TheoryData<string, string> Malformed => new()
    {
        { "garbage", "garbage\r\n\r\n" },
        { "empty line first", "\r\n" + Ok + "\r\n" },
        { "HTTP/2", "HTTP/2.0 200 OK\r\n\r\n" },
        { "HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n" },
        { "lower-case version", "http/1.1 200 OK\r\n\r\n" },
        { "two spaces", "HTTP/1.1  200 OK\r\n\r\n" },
        { "status of two digits", "HTTP/1.1 20 OK\r\n\r\n" },
        { "status of four digits", "HTTP/1.1 2000 OK\r\n\r\n" },
        { "status below 100", "HTTP/1.1 099 OK\r\n\r\n" },
        { "no number", "HTTP/1.1 2x0 OK\r\n\r\n" },
        { "bare LF behind the status line", "HTTP/1.1 200 OK\nX: 1\r\n\r\n" },
        { "bare LF behind a header", Ok + "X: 1\nContent-Length: 0\r\n\r\n" },
        { "bare LF at the end", Ok + "X: 1\r\n\n" },
        { "bare CR in a value", Ok + "X: 1\rContent-Length: 5\r\n\r\n" },
        { "NUL in a value", Ok + "X: 1\0\r\n\r\n" },
        { "folded header", Ok + "X: 1\r\n 2\r\n\r\n" },
        { "folded Content-Length", Ok + "Content-Length:\r\n 5\r\n\r\nabcde" },
        { "space before the colon", Ok + "Content-Length : 5\r\n\r\nabcde" },
        { "tab in front of the first header", Ok + "\tX: 1\r\n\r\n" },
        { "no colon", Ok + "X\r\n\r\n" },
        { "no name", Ok + ": 1\r\n\r\n" },
        { "name that is no token", Ok + "X(1): 1\r\n\r\n" },
        { "two lengths", Ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef" },
        { "the same length twice", Ok + "Content-Length: 5\r\ncontent-length: 5\r\n\r\nabcde" },
        { "list of lengths", Ok + "Content-Length: 5, 5\r\n\r\nabcde" },
        { "negative length", Ok + "Content-Length: -5\r\n\r\n" },
        { "length with a sign", Ok + "Content-Length: +5\r\n\r\nabcde" },
        { "hexadecimal length", Ok + "Content-Length: 0x5\r\n\r\nabcde" },
        { "empty length", Ok + "Content-Length:\r\n\r\n" },
        { "length beyond numbers", Ok + "Content-Length: 99999999999999999999\r\n\r\n" },
        { "length and chunked", Ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "chunked and length", Ok + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" },
        { "chunked twice", Ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "chunked after something", Ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" },
        { "another encoding", Ok + "Transfer-Encoding: identity\r\n\r\n" },
        { "almost chunked", Ok + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" },
        { "chunked by HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "chunk without a size", Chunked + "\r\nabc\r\n0\r\n\r\n" },
        { "chunk size with a space", Chunked + "3 \r\nabc\r\n0\r\n\r\n" },
        { "chunk size with a sign", Chunked + "-3\r\nabc\r\n0\r\n\r\n" },
        { "chunk size beyond numbers", Chunked + "1000000000000000\r\n" },
        { "chunk longer than its size", Chunked + "3\r\nabcd\r\n0\r\n\r\n" },
        { "chunk size ended by LF", Chunked + "3\nabc\r\n0\r\n\r\n" },
        { "chunk ended by LF", Chunked + "3\r\nabc\n0\r\n\r\n" },
        { "control character in an extension", Chunked + "3;a\nb\r\nabc\r\n0\r\n\r\n" },
        { "extension without end", Chunked + "3;" + new string('x', 5000) },
        { "trailer ended by LF", Chunked + "0\r\nA: 1\n\r\n" },
        { "trailers without end", Chunked + "0\r\n" + string.Concat(Enumerable.Repeat("A: 1\r\n", 3000)) },
        { "headers without end", Ok + string.Concat(Enumerable.Repeat("A: 1\r\n", 257)) + "\r\n" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Answer_OfTwoReadings_Refused(string shape, string answer)
    {
        Assert.NotEmpty(shape);
        Assert.Throws<MalformedAnswerException>(() => ReadAnswer.Of(answer, []));
        Assert.Throws<MalformedAnswerException>(() => ReadAnswer.Of(answer, Enumerable.Range(1, answer.Length)));
    }
}
