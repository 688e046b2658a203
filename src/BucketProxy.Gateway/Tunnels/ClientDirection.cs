namespace BucketProxy.Gateway.Tunnels;

/// <summary>
/// What of a client's bytes may go to the node. Knows frames and who has said stop; reads and writes nothing. Thread-safe.
/// <code>
///   client frames … │ Stop: to the end of the frame │ BeginClose: 1012 │ End: the end
/// </code>
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
    private bool _isDone;

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
    public bool IsDone => _isDone || (_frames.Latest == FrameCursor.Close && _frames.AtBoundary);

    /// <summary>No client frame goes to the node any more, but for the rest of one that is half sent.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _quiet ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _isStopped |= _frames.AtBoundary;
            if (_isStopped && !_isWithForwarder)
                _quiet.TrySetResult();
        }
    }

    /// <summary>A close frame of ours goes to the node. Once the client is quiet.</summary>
    public void BeginClose()
    {
        lock (_lock)
            _closeLeft = CloseFrame.ToNode.Length;
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
    public void Ended() => _isDone = true;

    /// <summary>What the forwarder gets next. That it asks says that what it had before is with the node.</summary>
    public Step Next(Span<byte> buffer, out int length)
    {
        length = 0;
        lock (_lock)
        {
            _isWithForwarder = false;
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

    /// <summary>How much of the client's bytes may go to the node: all, or once stopping the rest of the frame that is half sent. 0 at its end.</summary>
    public int Pass(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            var pass = data.Length;
            if (_quiet is null)
            {
                _frames.Advance(data);
            }
            else
            {
                pass = _isStopped ? 0 : _frames.AdvanceToBoundary(data);
                _isStopped = _isStopped || _frames.AtBoundary;
                if (pass < data.Length)
                    _isDone |= _frames.AdvanceUntil(FrameCursor.Close, data[pass..]) < data.Length - pass;
            }
            _isWithForwarder = pass > 0;
            return pass;
        }
    }

    /// <summary>Passes what goes nowhere. By nobody while the forwarder reads.</summary>
    /// <returns>True at the client's close frame.</returns>
    public bool PassOut(ReadOnlySpan<byte> data) => _frames.AdvanceUntil(FrameCursor.Close, data) < data.Length;
}
