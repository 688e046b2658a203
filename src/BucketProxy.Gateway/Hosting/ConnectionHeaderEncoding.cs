using System.Text;
using BucketProxy.Gateway.Forwarding;

namespace BucketProxy.Gateway.Hosting;

/// <summary>
/// Reads the <c>Connection</c> header of requests. The server replaces its value by <c>keep-alive</c>, <c>close</c> or <c>Upgrade</c>
/// when it finds just one of them, and the names of headers that must stop here are lost. It keeps a value in which it
/// finds two, so a value that names headers is given two. Such a request's connection is closed after its answer.
/// </summary>
internal sealed class ConnectionHeaderEncoding : Encoding
{
    private const string Keeps = "close, keep-alive, ";

    public static ConnectionHeaderEncoding Instance { get; } = new();

    public override int GetCharCount(byte[] bytes, int index, int count) => Read(bytes.AsSpan(index, count)).Length;

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        var text = Read(bytes.AsSpan(byteIndex, byteCount));
        text.CopyTo(chars.AsSpan(charIndex));
        return text.Length;
    }

    public override int GetMaxCharCount(int byteCount) => byteCount + Keeps.Length;

    public override int GetByteCount(char[] chars, int index, int count) => Latin1.GetByteCount(chars, index, count);

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    public override int GetMaxByteCount(int charCount) => Latin1.GetMaxByteCount(charCount);

    private static string Read(ReadOnlySpan<byte> bytes)
    {
        var text = Latin1.GetString(bytes);
        return HopByHop.Nominated(text) is null ? text : Keeps + text;
    }
}
