namespace BucketProxy.Forwarder.Http1;

/// <summary>Where the body of an answer ends (RFC 9112 section 6.3).</summary>
internal struct AnswerBody
{
    private readonly Framing _framing;
    private long _left;
    private ChunkDecoder _chunks;

    public AnswerBody(in AnswerHead head, bool isToHead)
    {
        if (isToHead || head.Status is < 200 or 204 or 304)
        {
            IsOver = true;
        }
        else if (head.IsChunked)
        {
            _framing = Framing.Chunked;
        }
        else if (head.Length is { } length)
        {
            _framing = Framing.Length;
            _left = length;
            IsOver = length == 0;
        }
        else
        {
            _framing = Framing.ToTheEnd;
        }
    }

    /// <summary>It has come completely.</summary>
    public bool IsOver { get; private set; }

    public readonly ReadOnlyMemory<byte> Trailers => _chunks.Trailers;

    /// <summary>The part of <paramref name="destination"/> that may be received into: never beyond an announced length.</summary>
    public readonly Memory<byte> Limit(Memory<byte> destination) =>
        _framing == Framing.Length && destination.Length > _left ? destination[..(int)_left] : destination;

    /// <summary>Moves the content of <paramref name="data"/> to its front.</summary>
    /// <param name="data">What came.</param>
    /// <param name="used">How much of it belongs to the body.</param>
    /// <returns>How much content there is.</returns>
    public int Take(Span<byte> data, out int used)
    {
        switch (_framing)
        {
            case Framing.Chunked:
                var content = _chunks.Decode(data, out used);
                IsOver = _chunks.IsDone;
                return content;
            case Framing.Length:
                used = (int)Math.Min(_left, data.Length);
                _left -= used;
                IsOver = _left == 0;
                return used;
            default:
                used = IsOver ? 0 : data.Length;
                return used;
        }
    }

    /// <summary>The stream ended.</summary>
    /// <exception cref="IOException">Too early.</exception>
    public void End()
    {
        if (_framing != Framing.ToTheEnd)
            throw new IOException("The answer broke off.");
        IsOver = true;
    }

    private enum Framing : byte
    {
        None,
        Length,
        Chunked,
        ToTheEnd,
    }
}
