using System.Buffers;

namespace BucketProxy.Forwarder.Http1;

/// <summary>
/// Takes the framing out of a chunked body (RFC 9112 section 7.1), in place, however the bytes are split into reads. Strict: a size is one
/// to fifteen hexadecimal digits, lines end in CRLF.
/// </summary>
internal struct ChunkDecoder
{
    // Extensions are not passed on, so nobody needs long ones; trailers go the way of headers.
    private const int LongestExtension = 4096;
    private const int LongestTrailers = 16 * 1024;
    private const int MostDigits = 15;

    private State _state;
    private int _count;
    private long _size;
    private ArrayBufferWriter<byte>? _trailers;

    /// <summary>The body and its trailers have come to their end.</summary>
    public readonly bool IsDone => _state == State.Done;

    /// <summary>The trailer lines with their CRLFs; empty when there are none.</summary>
    public readonly ReadOnlyMemory<byte> Trailers => _trailers?.WrittenMemory ?? default;

    /// <summary>Moves what is content to the front.</summary>
    /// <param name="data">What came.</param>
    /// <param name="used">How much of it belongs to this body: all of it, unless the body ends in it.</param>
    /// <returns>How many bytes at the front of <paramref name="data"/> are content.</returns>
    /// <exception cref="MalformedAnswerException">It is not chunked.</exception>
    public int Decode(Span<byte> data, out int used)
    {
        var content = 0;
        var at = 0;
        while (at < data.Length && _state != State.Done)
        {
            if (_state == State.Data)
            {
                var take = (int)Math.Min(_size, data.Length - at);
                if (content != at)
                    data.Slice(at, take).CopyTo(data[content..]);
                content += take;
                at += take;
                _size -= take;
                if (_size == 0)
                    _state = State.DataCr;
                continue;
            }
            Step(data[at++]);
        }
        used = at;
        return content;
    }

    private void Step(byte b)
    {
        switch (_state)
        {
            case State.Size:
                if (Digit(b) is var digit and >= 0)
                {
                    if (++_count > MostDigits)
                        throw new MalformedAnswerException("A chunk's size is too long.");
                    _size = _size << 4 | (uint)digit;
                    return;
                }
                if (_count == 0 || b is not ((byte)';' or (byte)'\r'))
                    throw new MalformedAnswerException("A chunk's size is no number.");
                _count = 0;
                _state = b == ';' ? State.Extension : State.SizeLf;
                return;
            case State.Extension:
                if (b == '\r')
                    _state = State.SizeLf;
                else if (b is < 32 and not (byte)'\t' or 127 || ++_count > LongestExtension)
                    throw new MalformedAnswerException("A chunk's extension is malformed.");
                return;
            case State.SizeLf:
                Expect(b, '\n');
                _count = 0;
                _state = _size > 0 ? State.Data : State.TrailerBegin;
                return;
            case State.DataCr:
                Expect(b, '\r');
                _state = State.DataLf;
                return;
            case State.DataLf:
                Expect(b, '\n');
                _count = 0;
                _state = State.Size;
                return;
            case State.TrailerBegin:
                if (b == '\r')
                {
                    _state = State.EndLf;
                    return;
                }
                _state = State.Trailer;
                goto case State.Trailer;
            case State.Trailer:
                if (b == '\n')
                    throw new MalformedAnswerException("A trailer does not end in CRLF.");
                Keep(b);
                if (b == '\r')
                    _state = State.TrailerLf;
                return;
            case State.TrailerLf:
                Expect(b, '\n');
                Keep(b);
                _state = State.TrailerBegin;
                return;
            case State.EndLf:
                Expect(b, '\n');
                _state = State.Done;
                return;
        }
    }

    private void Keep(byte b)
    {
        _trailers ??= new ArrayBufferWriter<byte>(64);
        if (_trailers.WrittenCount == LongestTrailers)
            throw new MalformedAnswerException("The trailers are too long.");
        _trailers.Write([b]);
    }

    private static void Expect(byte b, char expected)
    {
        if (b != expected)
            throw new MalformedAnswerException("A chunk does not end where its size says.");
    }

    private static int Digit(byte b) => b switch
    {
        >= (byte)'0' and <= (byte)'9' => b - '0',
        >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
        _ => -1,
    };

    private enum State : byte
    {
        Size,
        Extension,
        SizeLf,
        Data,
        DataCr,
        DataLf,
        TrailerBegin,
        Trailer,
        TrailerLf,
        EndLf,
        Done,
    }
}
