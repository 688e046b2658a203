using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using BucketProxy.Forwarder.Loops;

namespace BucketProxy.Forwarder.Transport;

/// <summary>
/// What a client is sent: written into blocks of the pool, sent by whoever flushes, on the spot. A flush ends when the kernel has all of it.
/// </summary>
/// <remarks>One caller at a time, but for <see cref="CancelPendingFlush"/>. Nothing is written while a flush is under way.</remarks>
internal sealed class LoopWriter(LoopSocket socket, BlockPool pool, StallWatch stall, LoopConnection connection)
    : PipeWriter, IValueTaskSource<FlushResult>, IThreadPoolWorkItem
{
    private const int ByCaller = 1;
    private const int ByToken = 2;
    private readonly Lock _lock = new();
    private readonly List<Block> _full = [];
    private ManualResetValueTaskSourceCore<FlushResult> _task;
    private IMemoryOwner<byte>? _block;
    private int _start;
    private int _end;
    private bool _isBroken;
    private bool _isCompleted;
    private int _cancel;
    private int _isFlushing;
    // There are no more flushes: who waits for room at the socket is another.
    private bool _isLast;
    private TaskCompletionSource? _finished;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes
    {
        get
        {
            long sum = _end - _start;
            foreach (var block in _full)
                sum += block.End - block.Start;
            return sum;
        }
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_isCompleted)
            throw new InvalidOperationException("Writing is over.");
        if (_block is not null && _block.Memory.Length - _end >= Math.Max(sizeHint, 1))
            return _block.Memory[_end..];
        if (_end > _start)
            _full.Add(new Block(_block!, _start, _end));
        else
            _block?.Dispose();
        // There may be no memory: then no block has two owners.
        _block = null;
        _start = _end = 0;
        _block = sizeHint <= pool.MaxBufferSize ? pool.Rent(sizeHint) : MemoryPool<byte>.Shared.Rent(sizeHint);
        return _block.Memory;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, (_block?.Memory.Length ?? 0) - _end);
        _end += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.CanBeCanceled)
            return FlushAsync(this, cancellationToken);
        _task.Reset();
        while (true)
        {
            if (TrySend(out var result))
                return new ValueTask<FlushResult>(result);
            Volatile.Write(ref _isFlushing, 1);
            stall.Wait();
            if (socket.TryAwaitWritable(this) && (Volatile.Read(ref _cancel) == 0 || !socket.TryTakeBackWriter()))
                return new ValueTask<FlushResult>(this, _task.Version);
            Volatile.Write(ref _isFlushing, 0);
            stall.End();
        }
    }

    public override void CancelPendingFlush() => Cancel(ByCaller);

    /// <summary>Lets go of the socket: for who writes here, nobody reads any more. No flush is under way.</summary>
    public void Detach()
    {
        lock (_lock)
            _isLast = true;
        _isBroken = true;
    }

    /// <summary>What was written and not flushed is sent by <see cref="FinishAsync"/>.</summary>
    public override void Complete(Exception? exception = null) => _isCompleted = true;

    /// <summary>Sends what is left, waits for a flush that is under way, and gives the blocks back.</summary>
    public async ValueTask FinishAsync()
    {
        _isCompleted = true;
        var finished = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _finished, finished);
        if (Volatile.Read(ref _isFlushing) != 0)
            await finished.Task;
        lock (_lock)
            _isLast = true;
        // Not by a flush: whoever waits for the last one may not have been told yet, and its task is used again for the next.
        while (UnflushedBytes > 0)
        {
            var room = new Room();
            stall.Wait();
            if (!TrySend(out _) && socket.TryAwaitWritable(room))
                await room.Task;
        }
        Free();
    }

    void IThreadPoolWorkItem.Execute()
    {
        FlushResult result;
        while (!TrySend(out result))
        {
            if (socket.TryAwaitWritable(this) && (Volatile.Read(ref _cancel) == 0 || !socket.TryTakeBackWriter()))
                return;
        }
        stall.End();
        Interlocked.Exchange(ref _isFlushing, 0);
        var finished = Volatile.Read(ref _finished);
        _task.SetResult(result);
        finished?.TrySetResult();
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token) => _task.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _task.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _task.OnCompleted(continuation, state, token, flags);

    private static async ValueTask<FlushResult> FlushAsync(LoopWriter writer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        FlushResult result;
        await using (cancellationToken.UnsafeRegister(static w => ((LoopWriter)w!).Cancel(ByToken), writer))
            result = await writer.FlushAsync(CancellationToken.None);
        // Cancelled behind its end: that is not for the next flush.
        Interlocked.And(ref writer._cancel, ~ByToken);
        if (result.IsCanceled)
            cancellationToken.ThrowIfCancellationRequested();
        return result;
    }

    private void Cancel(int by)
    {
        lock (_lock)
        {
            if (_isLast)
                return;
            Interlocked.Or(ref _cancel, by);
            if (socket.TryTakeBackWriter())
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>False: there is no room now.</summary>
    private bool TrySend(out FlushResult result)
    {
        var isCancelled = Volatile.Read(ref _cancel) != 0 && Interlocked.Exchange(ref _cancel, 0) != 0;
        if (!isCancelled && !_isBroken)
        {
            try
            {
                if (!TrySendAll())
                {
                    connection.TryWatch();
                    result = default;
                    return false;
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // As with the server's own sockets, a writer is not told more than that nobody reads.
                _isBroken = true;
                connection.Over();
            }
        }
        if (_isBroken)
            Free();
        result = new FlushResult(isCancelled, _isBroken);
        return true;
    }

    private bool TrySendAll()
    {
        while (_full.Count > 0)
        {
            var block = _full[0];
            while (block.Start < block.End)
            {
                var sent = socket.TrySend(block.Owner.Memory.Span[block.Start..block.End]);
                if (sent == LoopSocket.NotNow)
                    return false;
                stall.Moved();
                block = block with { Start = block.Start + sent };
                _full[0] = block;
            }
            _full.RemoveAt(0);
            block.Owner.Dispose();
        }
        while (_start < _end)
        {
            var sent = socket.TrySend(_block!.Memory.Span[_start.._end]);
            if (sent == LoopSocket.NotNow)
                return false;
            stall.Moved();
            _start += sent;
        }
        Free();
        return true;
    }

    private void Free()
    {
        foreach (var block in _full)
            block.Owner.Dispose();
        _full.Clear();
        _block?.Dispose();
        _block = null;
        _start = _end = 0;
    }

    private sealed class Room : TaskCompletionSource, IThreadPoolWorkItem
    {
        public void Execute() => SetResult();
    }

    private readonly record struct Block(IMemoryOwner<byte> Owner, int Start, int End);
}
