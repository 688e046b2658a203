using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace BucketProxy.Forwarder.Http1;

/// <summary>
/// What the head of a destination's answer says of the answer itself. Whatever two readers could read as two answers is refused
/// (RFC 9112 section 11): the connection behind it would be out of step.
/// </summary>
internal readonly ref struct AnswerHead
{
    private const int MostLines = 256;

    private AnswerHead(int status, ReadOnlySpan<byte> reason)
    {
        Status = status;
        Reason = reason;
    }

    // Control characters but HTAB: a lone CR would end the line for some.
    private static readonly SearchValues<byte> Forbidden =
        SearchValues.Create([.. Enumerable.Range(0, 32).Where(b => b != '\t').Append(127).Select(b => (byte)b)]);

    /// <summary>100 to 999.</summary>
    public int Status { get; }

    /// <summary>The reason phrase; may be empty.</summary>
    public ReadOnlySpan<byte> Reason { get; }

    /// <summary>The announced length; null if none is.</summary>
    public long? Length { get; private init; }

    /// <summary>The length that whoever gets this answer may be told: none where the status says that there is no content (RFC 9110 sections 8.6 and
    /// 15.3.6). A 304, and an answer to HEAD, speak of the content that another answer would have.</summary>
    public long? PassedLength => Status is < 200 or 204 || (Status == 205 && Length > 0) ? null : Length;

    /// <summary>The body is chunked.</summary>
    public bool IsChunked { get; private init; }

    /// <summary>The destination lets the connection stand after this answer.</summary>
    public bool KeepsConnection { get; private init; }

    /// <summary>It announces trailers.</summary>
    public bool HasTrailers { get; private init; }

    /// <summary>Reads a whole head, its empty line included, and gives every header but <c>Content-Length</c> to
    /// <paramref name="sink"/>.</summary>
    /// <exception cref="MalformedAnswerException">It has not exactly one reading; the sink may have got some of it.</exception>
    public static AnswerHead Read<TSink>(ReadOnlySpan<byte> head, scoped ref TSink sink)
        where TSink : struct, IFieldSink
    {
        var line = Line(ref head);
        // HTTP/1.x SP 3DIGIT [SP reason]
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || line[7] is not ((byte)'0' or (byte)'1') || line[8] != ' '
            || (line.Length > 12 && line[12] != ' ')
            || !TryStatus(line[9..12], out var status))
        {
            throw new MalformedAnswerException("The answer does not begin with a status line of HTTP/1.x.");
        }
        var isHttp10 = line[7] == '0';
        var reason = line.Length > 13 ? line[13..] : default;
        if (reason.ContainsAny(Forbidden))
            throw new MalformedAnswerException("The answer's reason phrase holds a control character.");
        long? length = null;
        var isChunked = false;
        var closes = isHttp10;
        var hasTrailers = false;
        for (var lines = 0; ; lines++)
        {
            line = Line(ref head);
            if (line.IsEmpty)
                break;
            if (lines == MostLines)
                throw new MalformedAnswerException("The answer has too many headers.");
            FieldLine.Read(line, out var name, out var value);
            switch (name.Length)
            {
                case 14 when Is(name, "Content-Length"u8):
                    // Twice, even if alike: who counts the second one counts otherwise.
                    if (length is not null || isChunked)
                        throw new MalformedAnswerException("The answer's length is given twice.");
                    length = ReadLength(value);
                    continue;
                case 17 when Is(name, "Transfer-Encoding"u8):
                    if (isChunked || length is not null || isHttp10 || !Is(value, "chunked"u8))
                        throw new MalformedAnswerException("The answer's Transfer-Encoding is not 'chunked' alone.");
                    isChunked = true;
                    break;
                case 10 when Is(name, "Connection"u8):
                    closes |= HasOption(value, "close"u8);
                    break;
                case 7 when Is(name, "Trailer"u8):
                    hasTrailers = true;
                    break;
            }
            sink.Add(name, value);
        }
        return new AnswerHead(status, reason)
        {
            Length = length,
            IsChunked = isChunked,
            KeepsConnection = !closes,
            HasTrailers = hasTrailers && isChunked,
        };
    }

    private static bool TryStatus(ReadOnlySpan<byte> digits, out int status)
    {
        status = 0;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9')
                return false;
            status = status * 10 + digit - '0';
        }
        return status >= 100;
    }

    private static long ReadLength(ReadOnlySpan<byte> value)
    {
        // Digits alone: neither signs nor lists nor what does not fit.
        if (value.IsEmpty || value.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || !Utf8Parser.TryParse(value, out long length, out var used) || used != value.Length)
        {
            throw new MalformedAnswerException("The answer's Content-Length is no number.");
        }
        return length;
    }

    private static bool HasOption(ReadOnlySpan<byte> value, ReadOnlySpan<byte> option)
    {
        foreach (var part in value.Split((byte)','))
        {
            if (Is(value[part].Trim(" \t"u8), option))
                return true;
        }
        return false;
    }

    private static bool Is(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> ascii) => Ascii.EqualsIgnoreCase(bytes, ascii);

    private static ReadOnlySpan<byte> Line(scoped ref ReadOnlySpan<byte> rest)
    {
        // The scanner has seen to it that each ends in CRLF.
        var end = rest.IndexOf((byte)'\n');
        var line = rest[..(end - 1)];
        rest = rest[(end + 1)..];
        return line;
    }
}
