using System.Threading.Tasks.Sources;

namespace BucketProxy.Gateway.Loops;

/// <summary>Receives from a socket, one call at a time. Waiting costs no memory: the object is the task, again and again.</summary>
internal sealed class LoopReceiver(LoopSocket socket) : IThreadPoolWorkItem, IValueTaskSource<int>
{
    private ManualResetValueTaskSourceCore<int> _task;
    private Memory<byte> _into;

    /// <summary>Receives some bytes; 0 at the end. With an empty buffer it only waits for something to come.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public ValueTask<int> ReceiveAsync(Memory<byte> into)
    {
        _task.Reset();
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

    void IThreadPoolWorkItem.Execute()
    {
        int received;
        try
        {
            do
                received = Try(_into);
            while (received == LoopSocket.NotNow && !socket.TryAwaitReadable(this));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _into = default;
            _task.SetException(e);
            return;
        }
        if (received == LoopSocket.NotNow)
            return;
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
