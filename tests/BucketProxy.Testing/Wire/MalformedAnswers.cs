namespace BucketProxy.Testing.Wire;

/// <summary>Answers that could be read as two, or as none.</summary>
public static class MalformedAnswers
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";
    private const string Chunked = Ok + "Transfer-Encoding: chunked\r\n\r\n";

    /// <summary>Each with its name.</summary>
    public static IReadOnlyList<(string Shape, string Answer)> All { get; } =
    [
        ("garbage", "garbage\r\n\r\n"),
        ("empty line first", "\r\n" + Ok + "\r\n"),
        ("HTTP/2", "HTTP/2.0 200 OK\r\n\r\n"),
        ("HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n"),
        ("lower-case version", "http/1.1 200 OK\r\n\r\n"),
        ("two spaces", "HTTP/1.1  200 OK\r\n\r\n"),
        ("status of two digits", "HTTP/1.1 20 OK\r\n\r\n"),
        ("status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"),
        ("status below 100", "HTTP/1.1 099 OK\r\n\r\n"),
        ("no number", "HTTP/1.1 2x0 OK\r\n\r\n"),
        ("bare LF behind the status line", "HTTP/1.1 200 OK\nX: 1\r\n\r\n"),
        ("bare LF behind a header", Ok + "X: 1\nContent-Length: 0\r\n\r\n"),
        ("bare LF at the end", Ok + "X: 1\r\n\n"),
        ("bare CR in a value", Ok + "X: 1\rContent-Length: 5\r\n\r\n"),
        ("NUL in a value", Ok + "X: 1\0\r\n\r\n"),
        ("folded header", Ok + "X: 1\r\n 2\r\n\r\n"),
        ("folded Content-Length", Ok + "Content-Length:\r\n 5\r\n\r\nabcde"),
        ("space before the colon", Ok + "Content-Length : 5\r\n\r\nabcde"),
        ("tab in front of the first header", Ok + "\tX: 1\r\n\r\n"),
        ("no colon", Ok + "X\r\n\r\n"),
        ("no name", Ok + ": 1\r\n\r\n"),
        ("name that is no token", Ok + "X(1): 1\r\n\r\n"),
        ("two lengths", Ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"),
        ("the same length twice", Ok + "Content-Length: 5\r\ncontent-length: 5\r\n\r\nabcde"),
        ("list of lengths", Ok + "Content-Length: 5, 5\r\n\r\nabcde"),
        ("negative length", Ok + "Content-Length: -5\r\n\r\n"),
        ("length with a sign", Ok + "Content-Length: +5\r\n\r\nabcde"),
        ("hexadecimal length", Ok + "Content-Length: 0x5\r\n\r\nabcde"),
        ("empty length", Ok + "Content-Length:\r\n\r\n"),
        ("length beyond numbers", Ok + "Content-Length: 99999999999999999999\r\n\r\n"),
        ("length and chunked", Ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("chunked and length", Ok + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        ("chunked twice", Ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("chunked after something", Ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        ("another encoding", Ok + "Transfer-Encoding: identity\r\n\r\n"),
        ("almost chunked", Ok + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("chunked by HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("chunk without a size", Chunked + "\r\nabc\r\n0\r\n\r\n"),
        ("chunk size with a space", Chunked + "3 \r\nabc\r\n0\r\n\r\n"),
        ("chunk size with a sign", Chunked + "-3\r\nabc\r\n0\r\n\r\n"),
        ("chunk size beyond numbers", Chunked + "1000000000000000\r\n"),
        ("chunk longer than its size", Chunked + "3\r\nabcd\r\n0\r\n\r\n"),
        ("chunk size ended by LF", Chunked + "3\nabc\r\n0\r\n\r\n"),
        ("chunk ended by LF", Chunked + "3\r\nabc\n0\r\n\r\n"),
        ("control character in an extension", Chunked + "3;a\nb\r\nabc\r\n0\r\n\r\n"),
        ("extension without end", Chunked + "3;" + new string('x', 5000)),
        ("trailer ended by LF", Chunked + "0\r\nA: 1\n\r\n"),
        ("trailers without end", Chunked + "0\r\n" + string.Concat(Enumerable.Repeat("A: 1\r\n", 3000))),
        ("headers without end", Ok + string.Concat(Enumerable.Repeat("A: 1\r\n", 257)) + "\r\n"),
    ];
}
