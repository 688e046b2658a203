using System.Buffers;

namespace BucketProxy.Forwarder.Http1;

/// <summary>
/// One connection to a destination. Carries one exchange at a time; its owner calls its methods one after the other, but for
/// <see cref="Close"/>, which anybody may call at any time.
/// <code>
///   pooled ──take──► SendAsync ──► BeginFill/EndFill until FindHead ──► body: TakeBuffered, BeginRead/EndRead until IsBodyOver
///      ▲                                                                          │
///      └────────────────────── TryRest (a receive waits again) ◄──────────────────┘
/// </code>
/// </summary>
/// <param name="transport">Connected.</param>
/// <param name="clock">Moves on while the process lives.</param>
/// <param name="closed">Called once, when it closes.</param>
internal sealed class DestinationConnection(ITransport transport, ConnectionClock clock, Action<DestinationConnection> closed)
{
    // Small answers fit with their heads; what does not is read past it. Every waiting connection holds one of these.
    private const int Small = 2048;
    private const int LongestHead = 64 * 1024;
    // RFC 9110 section 15.3.6: it has no content. But it is framed as any (RFC 9112 section 6.3).
    private const int ResetContent = 205;
    private const string NotEmpty = "A 205 has no content, and this one has.";
    private byte[] _buffer = new byte[Small];
    private bool _isRented;
    private int _start;
    private int _end;
    private HeadScanner _scanner;
    private AnswerBody _body;
    private bool _keeps;
    private int _restedAt;
    private int _hasMoved = 1;
    private int _quietSince;
    private int _closed;

    /// <summary>Told when nothing has moved for too long; null while nobody is served.</summary>
    public IConnectionUser? User { get; set; }

    public bool IsClosed => Volatile.Read(ref _closed) != 0;

    /// <summary>An exchange was carried on it before.</summary>
    public bool IsUsed { get; private set; }

    /// <summary>Bytes that came and were not looked at.</summary>
    public bool HasBuffered => _start < _end;

    /// <summary>The answer has come completely.</summary>
    public bool IsBodyOver => _body.IsOver;

    /// <summary>The answer has no content by its status, and the end of its body is still to be read.</summary>
    public bool HasEmptyBody { get; private set; }

    /// <summary>Trailer lines of a body that is over.</summary>
    public ReadOnlyMemory<byte> Trailers => _body.Trailers;

    /// <summary>A resting connection on which nothing came: the destination would have closed it, or spoken unasked.</summary>
    public bool IsQuiet => !IsClosed && transport.IsQuiet;

    /// <summary>Asks the kernel too, which may know of a close that this process has not been told of.</summary>
    public bool IsQuietForCertain() => !IsClosed && transport.IsQuietForCertain();

    /// <summary>What carries it.</summary>
    public ITransport Transport => transport;

    /// <summary>Something has moved.</summary>
    public void Touch()
    {
        // Read first: most calls find it set, and a line that is only read stays in every processor's cache.
        if (Volatile.Read(ref _hasMoved) == 0)
            Volatile.Write(ref _hasMoved, 1);
    }

    /// <summary>For how many milliseconds nothing has moved, never more than the truth. For the clock's timer alone.</summary>
    public int QuietFor()
    {
        // What moves from here on is seen by the next look.
        if (Interlocked.Exchange(ref _hasMoved, 0) != 0)
            _quietSince = clock.Read();
        return unchecked(clock.Now - _quietSince);
    }

    /// <summary>Whether it has rested for less than so many milliseconds.</summary>
    public bool IsRestedLessThan(int milliseconds) => unchecked(clock.Read() - Volatile.Read(ref _restedAt)) < milliseconds;

    /// <summary>Sends all of it.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        var sending = transport.SendAsync(bytes);
        Touch();
        return sending.IsCompletedSuccessfully ? sending : FinishAsync(sending);
    }

    /// <summary>Sends all of it at one go.</summary>
    public ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        var sending = transport.SendAsync(parts);
        Touch();
        return sending.IsCompletedSuccessfully ? sending : FinishAsync(sending);
    }

    /// <summary>Begins to receive more of a head; give the outcome to <see cref="EndFill"/>.</summary>
    public ValueTask<int> BeginFill()
    {
        if (_end == _buffer.Length)
            Grow();
        return transport.ReceiveAsync(_buffer.AsMemory(_end));
    }

    /// <summary>Takes over what was received. False at the end of the stream.</summary>
    public bool EndFill(int received)
    {
        Touch();
        _end += received;
        return received > 0;
    }

    /// <summary>The next head, if it has come completely; else empty. It is valid until the next call.</summary>
    /// <exception cref="MalformedAnswerException">It cannot become one.</exception>
    public ReadOnlySpan<byte> FindHead()
    {
        var data = _buffer.AsSpan(_start, _end - _start);
        var length = _scanner.Find(data);
        if (length == 0)
        {
            return data.Length < LongestHead
                ? default
                : throw new MalformedAnswerException($"The answer's head is longer than {LongestHead} bytes.");
        }
        _scanner = default;
        _start += length;
        return data[..length];
    }

    /// <summary>Begins the body of the answer whose head was found.</summary>
    /// <param name="head">Its head.</param>
    /// <param name="isToHead">The request was a HEAD, whose answer has no body whatever its head says.</param>
    /// <exception cref="MalformedAnswerException">It has a content that its status rules out.</exception>
    public void BeginBody(in AnswerHead head, bool isToHead)
    {
        _body = new AnswerBody(head, isToHead);
        _keeps = head.KeepsConnection;
        HasEmptyBody = head.Status == ResetContent && !_body.IsOver;
        if (HasEmptyBody && head.Length > 0)
            throw new MalformedAnswerException(NotEmpty);
    }

    /// <summary>Reads a body that has no content to its end.</summary>
    /// <exception cref="MalformedAnswerException">It has some.</exception>
    /// <exception cref="IOException">The answer broke off.</exception>
    public async ValueTask ReadEmptyBodyAsync()
    {
        var room = new byte[Small];
        while (!IsBodyOver)
        {
            var content = HasBuffered ? TakeBuffered(room) : EndRead(room.AsSpan(0, await BeginRead(room)));
            if (content > 0)
                throw new MalformedAnswerException(NotEmpty);
        }
    }

    /// <summary>Takes content out of what has come already. May be none, when it was framing only.</summary>
    public int TakeBuffered(Span<byte> destination)
    {
        var length = Math.Min(destination.Length, _end - _start);
        _buffer.AsSpan(_start, length).CopyTo(destination);
        var content = _body.Take(destination[..length], out var used);
        // What follows the answer is nobody's: the connection is out of step.
        _keeps &= used == length;
        _start += used;
        return content;
    }

    /// <summary>Begins to receive content into <paramref name="destination"/>; give it, with the outcome, to <see cref="EndRead"/>.
    /// </summary>
    public ValueTask<int> BeginRead(Memory<byte> destination) => transport.ReceiveAsync(_body.Limit(destination));

    /// <summary>Takes framing out of what was received. Returns how much at its front is content; may be 0.</summary>
    /// <exception cref="IOException">The answer broke off.</exception>
    public int EndRead(Span<byte> received)
    {
        Touch();
        if (received.IsEmpty)
        {
            _body.End();
            _keeps = false;
            return 0;
        }
        var content = _body.Take(received, out var used);
        _keeps &= used == received.Length;
        return content;
    }

    /// <summary>Makes it ready for the next exchange. False when it has to be closed.</summary>
    public bool TryRest()
    {
        if (IsClosed || !_keeps || !_body.IsOver || HasBuffered)
            return false;
        IsUsed = true;
        User = null;
        Shrink();
        _start = _end = 0;
        _body = default;
        // Not later than the truth: an idle connection is never used beyond its limit.
        Volatile.Write(ref _restedAt, clock.Now);
        try
        {
            transport.Rest();
            return true;
        }
        catch (ObjectDisposedException)
        {
            // Closed in between.
            return false;
        }
    }

    /// <summary>Gives the bare connection away, with what has come already. From then on only <see cref="Close"/> is of use.</summary>
    public (ITransport Transport, byte[] Begun) HandOver()
    {
        var begun = HasBuffered ? _buffer.AsSpan(_start, _end - _start).ToArray() : [];
        if (_isRented)
            ArrayPool<byte>.Shared.Return(_buffer);
        _isRented = false;
        _buffer = [];
        _start = _end = 0;
        return (transport, begun);
    }

    /// <summary>Closes it, whatever is under way. Whoever waits on it gets an exception.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        closed(this);
        transport.Close();
    }

    private async ValueTask FinishAsync(ValueTask sending)
    {
        await sending;
        Touch();
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(_buffer.Length * 4, LongestHead));
        _buffer.AsSpan(_start, _end - _start).CopyTo(larger);
        _end -= _start;
        _start = 0;
        if (_isRented)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
        _isRented = true;
    }

    private void Shrink()
    {
        if (!_isRented)
            return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _isRented = false;
        _buffer = new byte[Small];
    }
}
