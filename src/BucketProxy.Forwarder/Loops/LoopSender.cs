using System.Buffers;
using System.Threading.Tasks.Sources;

namespace BucketProxy.Forwarder.Loops;

/// <summary>Sends to a socket, one call at a time. Waiting costs no memory: the object is the task, again and again.</summary>
internal sealed unsafe class LoopSender(LoopSocket socket) : IThreadPoolWorkItem, IValueTaskSource
{
    // More at once than a kernel's default socket buffer takes is of no use; the kernel's own limit is 1024.
    private const int MostParts = 16;
    private ManualResetValueTaskSourceCore<bool> _task;
    private ReadOnlyMemory<byte> _one;
    private IReadOnlyList<ReadOnlyMemory<byte>>? _many;
    private int _part;
    private int _offset;

    /// <summary>Sends all of it.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        _one = bytes;
        return BeginAsync();
    }

    /// <inheritdoc cref="SendAsync(ReadOnlyMemory{byte})"/>
    public ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        _many = parts;
        _part = _offset = 0;
        return BeginAsync();
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            if (!TrySendAll())
                return;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Forget();
            _task.SetException(e);
            return;
        }
        _task.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token) => _task.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _task.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _task.OnCompleted(continuation, state, token, flags);

    private ValueTask BeginAsync()
    {
        _task.Reset();
        try
        {
            return TrySendAll() ? ValueTask.CompletedTask : new ValueTask(this, _task.Version);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Forget();
            throw;
        }
    }

    /// <summary>False: somebody will execute this when there is room.</summary>
    private bool TrySendAll()
    {
        while (_many is null ? TrySendOne() : TrySendMany())
        {
            if (socket.TryAwaitWritable(this))
                return false;
        }
        Forget();
        return true;
    }

    /// <summary>True: something is left, and there is no room.</summary>
    private bool TrySendOne()
    {
        while (!_one.IsEmpty)
        {
            var sent = socket.TrySend(_one.Span);
            if (sent == LoopSocket.NotNow)
                return true;
            _one = _one[sent..];
        }
        return false;
    }

    /// <summary>As <see cref="TrySendOne"/>.</summary>
    private bool TrySendMany()
    {
        var parts = stackalloc Libc.Part[MostParts];
        var pins = new PinnedParts();
        while (_part < _many!.Count)
        {
            int sent;
            try
            {
                var count = 0;
                for (; count < MostParts && _part + count < _many.Count; count++)
                {
                    var memory = _many[_part + count];
                    if (count == 0)
                        memory = memory[_offset..];
                    ref var pin = ref pins[count];
                    pin = memory.Pin();
                    parts[count] = new Libc.Part { Start = (byte*)pin.Pointer, Length = memory.Length };
                }
                sent = socket.TrySend(new ReadOnlySpan<Libc.Part>(parts, count));
            }
            finally
            {
                for (var i = 0; i < MostParts; i++)
                    pins[i].Dispose();
            }
            if (sent == LoopSocket.NotNow)
                return true;
            Pass(sent);
        }
        return false;
    }

    private void Pass(int sent)
    {
        while (_part < _many!.Count)
        {
            var left = _many[_part].Length - _offset;
            if (sent < left)
            {
                _offset += sent;
                return;
            }
            sent -= left;
            _part++;
            _offset = 0;
        }
    }

    private void Forget()
    {
        _one = default;
        _many = null;
    }

    [System.Runtime.CompilerServices.InlineArray(MostParts)]
    private struct PinnedParts
    {
        private MemoryHandle _first;
    }
}
