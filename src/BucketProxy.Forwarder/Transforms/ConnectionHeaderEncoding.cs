using System.Text;

namespace BucketProxy.Forwarder.Transforms;

/// <summary>
/// Reads the <c>Connection</c> header of requests, so that the names of headers that must stop here are kept. The server knows three words: <c>keep-alive</c>, <c>close</c> and
/// <c>Upgrade</c>. Where it finds just one of them in all of a request's lines, it replaces what stands there by that word. So here it finds none, or two: <c>keep-alive</c> is
/// taken out, which says nothing that HTTP/1.1 does not say anyway, and put beside each of the other two. Such a request's connection is used again, unless it says
/// <c>close</c>. That of an HTTP/1.0 client never is (RFC 9112 section 9.3: a proxy must not). Name it in Kestrel's <c>RequestHeaderEncodingSelector</c> for <c>Connection</c>.
/// </summary>
public sealed class ConnectionHeaderEncoding : Encoding
{
    private const string KeepAlive = "keep-alive";
    private const string Beside = KeepAlive + ", ";

    /// <summary>The one there is.</summary>
    public static ConnectionHeaderEncoding Instance { get; } = new();

    /// <inheritdoc/>
    public override int GetCharCount(byte[] bytes, int index, int count) => Read(bytes.AsSpan(index, count)).Length;

    /// <inheritdoc/>
    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        var text = Read(bytes.AsSpan(byteIndex, byteCount));
        text.CopyTo(chars.AsSpan(charIndex));
        return text.Length;
    }

    /// <inheritdoc/>
    public override int GetMaxCharCount(int byteCount) => byteCount + Beside.Length;

    /// <inheritdoc/>
    public override int GetByteCount(char[] chars, int index, int count) => Latin1.GetByteCount(chars, index, count);

    /// <inheritdoc/>
    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    /// <inheritdoc/>
    public override int GetMaxByteCount(int charCount) => Latin1.GetMaxByteCount(charCount);

    private static string Read(ReadOnlySpan<byte> bytes)
    {
        // What nearly every request says that has the header.
        if (Ascii.EqualsIgnoreCase(bytes, KeepAlive))
            return "";
        if (Ascii.EqualsIgnoreCase(bytes, "close"))
            return Beside + "close";
        if (Ascii.EqualsIgnoreCase(bytes, "Upgrade"))
            return Beside + "Upgrade";
        return Read(Latin1.GetString(bytes));
    }

    private static string Read(string text)
    {
        var others = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(static t => !t.Equals(KeepAlive, StringComparison.OrdinalIgnoreCase))
            .ToArray();
        return Array.Exists(others, static t => t.Equals("close", StringComparison.OrdinalIgnoreCase) || t.Equals("Upgrade", StringComparison.OrdinalIgnoreCase))
            ? Beside + string.Join(", ", others)
            : string.Join(", ", others);
    }
}
