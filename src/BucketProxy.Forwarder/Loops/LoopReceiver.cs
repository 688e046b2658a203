using System.Threading.Tasks.Sources;

namespace BucketProxy.Forwarder.Loops;

/// <summary>Receives from a socket, one call at a time. Waiting costs no memory: the object is the task, again and again.</summary>
internal sealed class LoopReceiver(LoopSocket socket) : IThreadPoolWorkItem, IValueTaskSource<int>
{
    private ManualResetValueTaskSourceCore<int> _task;
    private Memory<byte> _into;
    private volatile bool _isCancelled;

    /// <summary>Receives some bytes; 0 at the end. With an empty buffer it only waits for something to come.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public ValueTask<int> ReceiveAsync(Memory<byte> into)
    {
        _task.Reset();
        _isCancelled = false;
        while (true)
        {
            var received = Try(into);
            if (received != LoopSocket.NotNow)
                return new ValueTask<int>(received);
            _into = into;
            if (socket.TryAwaitReadable(this))
                return new ValueTask<int>(this, _task.Version);
        }
    }

    /// <summary>Ends a receive that waits with <see cref="OperationCanceledException"/>; nothing is lost. While one is under way, until the next begins.
    /// </summary>
    public void Cancel()
    {
        _isCancelled = true;
        // Else it runs just now, and sees the note before it waits again. The caller may hold locks.
        if (socket.TryTakeBackReader())
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        int received;
        try
        {
            while ((received = Try(_into)) == LoopSocket.NotNow)
            {
                if (_isCancelled)
                {
                    _into = default;
                    _task.SetException(new OperationCanceledException());
                    return;
                }
                // Cancelled in between: whoever did it found nobody waiting.
                if (socket.TryAwaitReadable(this) && (!_isCancelled || !socket.TryTakeBackReader()))
                    return;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _into = default;
            _task.SetException(e);
            return;
        }
        _into = default;
        _task.SetResult(received);
    }

    int IValueTaskSource<int>.GetResult(short token) => _task.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _task.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _task.OnCompleted(continuation, state, token, flags);

    private int Try(Memory<byte> into)
    {
        if (!into.IsEmpty)
            return socket.TryReceive(into.Span);
        return socket.IsQuiet ? LoopSocket.NotNow : 0;
    }
}
