using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using BucketProxy.Forwarder.Loops;
using Microsoft.AspNetCore.Connections;

namespace BucketProxy.Forwarder.Transport;

/// <summary>
/// What a client sends, received when it is asked for: into a block that is taken when bytes are there, and given back as soon as they are
/// consumed. A connection that waits holds none.
/// </summary>
/// <remarks>One caller at a time, but for <see cref="CancelPendingRead"/> and <see cref="Break"/>.</remarks>
internal sealed class LoopReader(LoopSocket socket, BlockPool pool, LoopConnection connection)
    : PipeReader, IValueTaskSource<ReadResult>, IThreadPoolWorkItem
{
    // Less free space than this is not worth a receive of its own.
    private const int Least = 512;
    private const int ByCaller = 1;
    private const int ByToken = 2;
    // Reading may be completed while somebody reads: no block may be received into that is given back.
    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<ReadResult> _task;
    private Segment? _first;
    private Segment? _last;
    private int _start;
    private bool _isExamined = true;
    private bool _isOver;
    private bool _isCompleted;
    private Exception? _error;
    private volatile Exception? _broken;
    private int _cancel;
    private bool _isDetached;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.CanBeCanceled)
            return ReadAsync(this, cancellationToken);
        _task.Reset();
        while (true)
        {
            if (TryTake(out var result))
                return new ValueTask<ReadResult>(result);
            if (!socket.TryAwaitReadable(this))
                continue;
            // Cancelled in between: whoever did it found nobody waiting.
            if (Volatile.Read(ref _cancel) == 0 || !socket.TryTakeBackReader())
                return new ValueTask<ReadResult>(this, _task.Version);
        }
    }

    public override bool TryRead(out ReadResult result) => TryTake(out result);

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        lock (_lock)
            AdvanceTo_NeedsLock(consumed, examined);
    }

    private void AdvanceTo_NeedsLock(SequencePosition consumed, SequencePosition examined)
    {
        if (_last is null)
            return;
        _isExamined = ReferenceEquals(examined.GetObject(), _last) && examined.GetInteger() == _last.End;
        if (consumed.GetObject() is not Segment to)
            return;
        while (!ReferenceEquals(_first, to))
            Drop();
        _start = consumed.GetInteger();
        if (ReferenceEquals(_first, _last) && _start == _last.End)
            Drop();
    }

    public override void CancelPendingRead() => Cancel(ByCaller);

    /// <summary>Lets go of the socket: for who reads here, it has ended. Nobody reads at the moment.</summary>
    /// <returns>What was received and not consumed.</returns>
    public byte[] Detach()
    {
        lock (_lock)
        {
            _isDetached = true;
            var rest = Buffer().ToArray();
            while (_first is not null)
                Drop();
            _isOver = true;
            return rest;
        }
    }

    public override void Complete(Exception? exception = null)
    {
        lock (_lock)
        {
            _isCompleted = true;
            while (_first is not null)
                Drop();
        }
    }

    /// <summary>Who reads from here on, or waits now, is told this. The socket's close wakes them.</summary>
    public void Break(Exception why) => _broken ??= why;

    void IThreadPoolWorkItem.Execute()
    {
        ReadResult result;
        try
        {
            while (!TryTake(out result))
            {
                if (!socket.TryAwaitReadable(this))
                    continue;
                if (Volatile.Read(ref _cancel) == 0 || !socket.TryTakeBackReader())
                    return;
            }
        }
        catch (Exception e)
        {
            _task.SetException(e);
            return;
        }
        _task.SetResult(result);
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _task.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _task.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        _task.OnCompleted(continuation, state, token, flags);
        // Behind it: the first bytes may be here already, and who waits shall go on on the loop.
        connection.TryWatch();
    }

    private static async ValueTask<ReadResult> ReadAsync(LoopReader reader, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ReadResult result;
        await using (cancellationToken.UnsafeRegister(static r => ((LoopReader)r!).Cancel(ByToken), reader))
            result = await reader.ReadAsync(CancellationToken.None);
        // Cancelled behind its end: that is not for the next read.
        Interlocked.And(ref reader._cancel, ~ByToken);
        if (result.IsCanceled)
            cancellationToken.ThrowIfCancellationRequested();
        return result;
    }

    private void Cancel(int by)
    {
        lock (_lock)
        {
            // Who waits at the socket now is somebody else.
            if (_isDetached)
                return;
            Interlocked.Or(ref _cancel, by);
            // Who waits goes on elsewhere: the caller may hold locks.
            if (socket.TryTakeBackReader())
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>False: nothing is there.</summary>
    private bool TryTake(out ReadResult result)
    {
        lock (_lock)
            return TryTake_NeedsLock(out result);
    }

    private bool TryTake_NeedsLock(out ReadResult result)
    {
        if (_isCompleted)
            throw new InvalidOperationException("Reading is over.");
        var isCancelled = Volatile.Read(ref _cancel) != 0 && Interlocked.Exchange(ref _cancel, 0) != 0;
        // A server that stops cancels a read and closes. What has come by then is a request that its client must not lose to that.
        if (isCancelled)
            socket.AskKernel();
        if (_isExamined && !_isOver && !TryReceive() && !isCancelled)
        {
            result = default;
            return false;
        }
        result = new ReadResult(Buffer(), isCancelled, _isOver);
        return true;
    }

    /// <summary>True when there is something new: bytes, or the end.</summary>
    private bool TryReceive()
    {
        if (_error is { } before)
            throw before;
        int received;
        try
        {
            if (socket.IsQuiet)
                return false;
            received = socket.TryReceive(Target().Free.Span);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            DropEmpty();
            _error = _broken ?? (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset }
                ? new ConnectionResetException(e.Message, e)
                : e is IOException ? e : new ConnectionAbortedException("The connection was closed.", e));
            connection.Over();
            throw _error;
        }
        if (received > 0)
        {
            _last!.End += received;
            _isExamined = false;
            return true;
        }
        DropEmpty();
        if (received == LoopSocket.NotNow)
            return false;
        _isOver = true;
        connection.Over();
        return true;
    }

    private Segment Target()
    {
        if (_last is { } last && last.Free.Length >= Least)
            return last;
        var segment = new Segment(pool.Rent(), _last);
        _first ??= segment;
        return _last = segment;
    }

    /// <summary>Gives a block back that nothing was received into.</summary>
    private void DropEmpty()
    {
        if (_last is not { End: 0 } empty)
            return;
        if (ReferenceEquals(_first, empty))
        {
            Drop();
            return;
        }
        var before = _first!;
        while (!ReferenceEquals(before.Next, empty))
            before = (Segment)before.Next!;
        before.Cut();
        _last = before;
        empty.Return();
    }

    private void Drop()
    {
        var dropped = _first!;
        _first = (Segment?)dropped.Next;
        _start = 0;
        if (_first is null)
            _last = null;
        dropped.Return();
    }

    private ReadOnlySequence<byte> Buffer() =>
        _first is null ? default : new ReadOnlySequence<byte>(_first, _start, _last!, _last!.End);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        private readonly IMemoryOwner<byte> _block;
        private readonly Memory<byte> _all;

        public Segment(IMemoryOwner<byte> block, Segment? before)
        {
            _block = block;
            _all = block.Memory;
            Memory = _all;
            if (before is null)
                return;
            before.Memory = before._all[..before.End];
            RunningIndex = before.RunningIndex + before.End;
            before.Next = this;
        }

        /// <summary>How much of it was received into.</summary>
        public int End { get; set; }

        public Memory<byte> Free => _all[End..];

        /// <summary>Nothing follows it any more.</summary>
        public void Cut()
        {
            Next = null;
            Memory = _all;
        }

        public void Return() => _block.Dispose();
    }
}
