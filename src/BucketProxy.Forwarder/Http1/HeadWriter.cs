using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace BucketProxy.Forwarder.Http1;

/// <summary>Writes the head of a request into a rented buffer. Strings are Latin-1: what is not cannot be written. Pass it by reference; dispose of it once or more.</summary>
internal struct HeadWriter : IDisposable
{
    private const int Usual = 2048;
    // Bytes of HTTP/2 headers have been decoded by rules of its own; none of these may end a line or a name here.
    private static readonly SearchValues<char> LineBreaks = SearchValues.Create("\r\n\0");
    private static readonly SearchValues<char> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    // What has no byte of its own is no question mark: it would be another header than the one that came.
    private static readonly Encoding Latin1 =
        Encoding.GetEncoding(Encoding.Latin1.CodePage, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
    private byte[] _buffer;

    public HeadWriter() => _buffer = ArrayPool<byte>.Shared.Rent(Usual);

    public int Length { get; private set; }

    public readonly Memory<byte> Written => _buffer.AsMemory(0, Length);

    /// <summary>Room that is left without growing.</summary>
    public readonly int Room => _buffer.Length - Length;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Take(bytes.Length));
    }

    public void Write(ReadOnlySpan<char> latin1)
    {
        Latin1.GetBytes(latin1, Take(latin1.Length));
    }

    public void Write(long number)
    {
        const int Longest = 20;
        Reserve(Longest);
        Utf8Formatter.TryFormat(number, _buffer.AsSpan(Length), out var written);
        Length += written;
    }

    /// <summary>Writes a header line; nothing when the name is none.</summary>
    /// <exception cref="FormatException">The value would end the line.</exception>
    /// <exception cref="EncoderFallbackException">The value is not Latin-1.</exception>
    public void Field(string name, ReadOnlySpan<char> value)
    {
        if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(Token))
            return;
        if (value.ContainsAny(LineBreaks))
            throw new FormatException("A header's value holds a line break.");
        var span = Take(name.Length + value.Length + 4);
        Latin1.GetBytes(name, span);
        span[name.Length] = (byte)':';
        span[name.Length + 1] = (byte)' ';
        Latin1.GetBytes(value, span[(name.Length + 2)..]);
        "\r\n"u8.CopyTo(span[^2..]);
    }

    public void Dispose()
    {
        if (_buffer is { Length: > 0 })
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        Length = 0;
    }

    private Span<byte> Take(int count)
    {
        Reserve(count);
        Length += count;
        return _buffer.AsSpan(Length - count, count);
    }

    private void Reserve(int count)
    {
        if (Room >= count)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, Length + count));
        _buffer.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
