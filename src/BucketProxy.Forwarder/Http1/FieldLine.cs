using System.Buffers;

namespace BucketProxy.Forwarder.Http1;

/// <summary>One header or trailer line (RFC 9112 section 5), read without leniency.</summary>
internal static class FieldLine
{
    /// <summary>Bytes that names may consist of (RFC 9110 section 5.6.2).</summary>
    private static readonly SearchValues<byte> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    // Control characters but HTAB.
    private static readonly SearchValues<byte> Forbidden =
        SearchValues.Create([.. Enumerable.Range(0, 32).Where(b => b != '\t').Append(127).Select(b => (byte)b)]);

    /// <summary>Splits a line, given without its CRLF.</summary>
    /// <exception cref="MalformedAnswerException">It is none; folded lines (RFC 9112 section 5.2) are none.</exception>
    public static void Read(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0)
            throw new MalformedAnswerException("A header line has no name.");
        name = line[..colon];
        if (name.ContainsAnyExcept(Token))
            throw new MalformedAnswerException("A header's name is no token, or the line is folded.");
        value = line[(colon + 1)..].Trim(" \t"u8);
        if (value.ContainsAny(Forbidden))
            throw new MalformedAnswerException("A header's value holds a control character.");
    }
}
