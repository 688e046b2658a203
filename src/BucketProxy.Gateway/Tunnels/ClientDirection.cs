namespace BucketProxy.Gateway.Tunnels;

/// <summary>
/// What of a client's bytes may go to the node. Knows frames and who has said stop; reads and writes nothing. Thread-safe.
/// <code>
///   client frames … │ Stop: to the end of the frame │ BeginClose: 1012 │ End: the end
/// </code>
/// What a client says after its own close frame is for nobody (RFC 6455 section 5.5.1).
/// </summary>
internal sealed class ClientDirection
{
    private readonly Lock _lock = new();
    private FrameCursor _frames;
    private TaskCompletionSource? _quiet;
    // Bytes were read, and the forwarder may still be sending them.
    private bool _isWithForwarder;
    // The client's last whole frame has passed; what it says from here on is for nobody.
    private bool _isStopped;
    private int _closeLeft;
    private bool _isOver;
    private bool _hasEnded;
    // The client's own close frame was passed on.
    private bool _hasPassedClose;

    /// <summary>What whoever reads for the node gets next.</summary>
    public enum Step
    {
        /// <summary>What the client says.</summary>
        Read,

        /// <summary>What was given.</summary>
        Give,

        /// <summary>Nothing yet.</summary>
        Wait,

        /// <summary>The end.</summary>
        End,
    }

    /// <summary>Completes when the client's last whole frame is with the node. After <see cref="Stop"/>.</summary>
    public Task Quiet => _quiet?.Task ?? Task.CompletedTask;

    /// <summary>The client has said its last: it closed, or it is gone.</summary>
    public bool IsDone => _hasEnded || _frames.HasEnded(FrameCursor.Close);

    /// <summary>The client has closed, and the node has its close frame.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>No client frame goes to the node any more, but for the rest of one that is half sent.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _quiet ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _isStopped |= _frames.AtBoundary;
            if (_hasEnded || _isOver || (_isStopped && !_isWithForwarder))
                _quiet.TrySetResult();
        }
    }

    /// <summary>A close frame of ours goes to the node, unless it has the client's. Once the client is quiet.</summary>
    public void BeginClose()
    {
        lock (_lock)
            _closeLeft = _hasPassedClose ? 0 : CloseFrame.ToNode.Length;
    }

    /// <summary>Whoever reads is at the end.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isOver = true;
            _quiet?.TrySetResult();
        }
    }

    /// <summary>The client has ended its side.</summary>
    public void Ended()
    {
        lock (_lock)
        {
            _hasEnded = true;
            _quiet?.TrySetResult();
        }
    }

    /// <summary>What the forwarder gets next. That it asks says that what it had before is with the node.</summary>
    public Step Next(Span<byte> buffer, out int length)
    {
        length = 0;
        lock (_lock)
        {
            _isWithForwarder = false;
            IsClosed = _hasPassedClose;
            if (_isOver)
                return Step.End;
            if (!_isStopped)
                return Step.Read;
            _quiet!.TrySetResult();
            if (_closeLeft == 0)
                return Step.Wait;
            var left = CloseFrame.ToNode.Span[^_closeLeft..];
            length = Math.Min(left.Length, buffer.Length);
            left[..length].CopyTo(buffer);
            _closeLeft -= length;
            return Step.Give;
        }
    }

    /// <summary>How much of the client's bytes may go to the node: all, or once stopping the rest of the frame that is half sent. 0 at its end, and after its close
    /// frame.</summary>
    public int Pass(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            int pass;
            if (_quiet is null)
            {
                pass = _frames.AdvanceThrough(FrameCursor.Close, data);
                _hasPassedClose = _frames.HasEnded(FrameCursor.Close);
            }
            else
            {
                pass = 0;
                if (!_isStopped)
                {
                    pass = _frames.AdvanceToBoundary(data);
                    _isStopped = _frames.AtBoundary;
                    _hasPassedClose = _frames.HasEnded(FrameCursor.Close);
                }
                _frames.AdvanceThrough(FrameCursor.Close, data[pass..]);
            }
            _isWithForwarder = pass > 0;
            return pass;
        }
    }

    /// <summary>Passes what goes nowhere. By nobody while the forwarder reads.</summary>
    /// <returns>True at the end of the client's close frame.</returns>
    public bool PassOut(ReadOnlySpan<byte> data)
    {
        _frames.AdvanceThrough(FrameCursor.Close, data);
        return IsDone;
    }
}
