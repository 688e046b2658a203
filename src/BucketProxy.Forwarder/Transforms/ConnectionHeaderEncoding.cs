using System.Text;

namespace BucketProxy.Forwarder.Transforms;

/// <summary>
/// Reads the <c>Connection</c> header of requests. The server replaces its value by <c>keep-alive</c>, <c>close</c> or <c>Upgrade</c>
/// when it finds just one of them, and the names of headers that must stop here are lost. It keeps a value in which it
/// finds two, so a value that names headers is given two. Such a request's connection is closed after its answer. Name it in Kestrel's
/// <c>RequestHeaderEncodingSelector</c> for <c>Connection</c>.
/// </summary>
public sealed class ConnectionHeaderEncoding : Encoding
{
    private const string Keeps = "close, keep-alive, ";

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
    public override int GetMaxCharCount(int byteCount) => byteCount + Keeps.Length;

    /// <inheritdoc/>
    public override int GetByteCount(char[] chars, int index, int count) => Latin1.GetByteCount(chars, index, count);

    /// <inheritdoc/>
    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    /// <inheritdoc/>
    public override int GetMaxByteCount(int charCount) => Latin1.GetMaxByteCount(charCount);

    private static string Read(ReadOnlySpan<byte> bytes)
    {
        var text = Latin1.GetString(bytes);
        return HopByHop.Nominated(text) is null ? text : Keeps + text;
    }
}
