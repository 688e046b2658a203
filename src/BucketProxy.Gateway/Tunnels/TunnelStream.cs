using System.Buffers;
using System.Runtime.CompilerServices;
using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Load;

namespace BucketProxy.Gateway.Tunnels;

/// <summary>
/// The client of a websocket, as a forwarder sees it: what is read goes to the node, what is written came from it. Bytes go through as they
/// come; a light reading of frame headers tells where one direction may stop, and where a close frame of ours may stand.
/// <code>
///   to the node      client frames … │ StopClient: to the end of the frame │ CloseNode: 1012 │ End: the end
///   to the client    node frames …   │ CloseNode: up to the node's own close                 │ TryCloseClientAsync: 1012
/// </code>
/// </summary>
/// <param name="client">The client's connection. Not disposed of here.</param>
/// <param name="baseId">What the bytes are counted for.</param>
/// <param name="load">Counts them.</param>
/// <param name="clientEnded">Called when the client ends its side.</param>
/// <param name="closed">Called when both have closed, and each has the other's close frame: nobody says anything any more. Perhaps more than once.</param>
/// <param name="canCancel">Reads and writes of <paramref name="client"/> may be cancelled; else its own end wakes who waits.</param>
internal class TunnelStream(Stream client, BaseId baseId, LoadCounters load, Action clientEnded, Action closed, bool canCancel) : Stream
{
    private const int ReadOutSize = 4096;
    private const int ByClient = 1;
    private const int ByNode = 2;
    private readonly ClientDirection _toNode = new();
    private readonly ClientReader _reader = new(client, canCancel);
    private FrameCursor _fromNode;
    private CancellationToken _cancelledBy;
    private CancellationTokenRegistration _cancelling;
    private TaskCompletionSource? _nodeClosed;
    private volatile bool _untilNodeClose;
    private volatile bool _nodeIsDone;
    private volatile bool _isWriting;
    // Whose close frames are with the other.
    private int _closes;
    private long _given;

    /// <summary>Completes when the client's last whole frame is with the node. After <see cref="StopClient"/>.</summary>
    public Task ClientQuiet => _toNode.Quiet;

    /// <summary>The node's latest frame is a close.</summary>
    public bool NodeSaidClose => _nodeIsDone || _fromNode.Latest == FrameCursor.Close;

    /// <summary>Bytes that were given to the client's connection. They count before they are sent: what the client has, counts.</summary>
    public long Given => Volatile.Read(ref _given);

    /// <summary>Something is on its way to a client that does not take it.</summary>
    public bool IsWriting => _isWriting;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>No client frame goes to the node any more, but for the rest of one that is half sent.</summary>
    public void StopClient() => _toNode.Stop();

    /// <summary>Says 1012 to the node, and lets its frames pass up to its own close. Once the client is quiet.</summary>
    /// <returns>Completes when the node has closed.</returns>
    public Task CloseNode()
    {
        _nodeClosed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _untilNodeClose = true;
        _toNode.BeginClose();
        _reader.Wake();
        // Either this sees that the client has it, or whoever brings it sees who waits: between the two looks lies a lock here, an interlocked write there.
        if ((Volatile.Read(ref _closes) & ByNode) != 0)
            _nodeClosed.TrySetResult();
        return _nodeClosed.Task;
    }

    /// <summary>Whoever reads is at the end.</summary>
    public void End()
    {
        _toNode.End();
        _reader.Wake();
    }

    /// <summary>Says 1012 to the client, unless it has the node's close frame. By nobody while the forwarder writes. False: the node stopped inside a frame, there is
    /// no place for it.</summary>
    public async Task<bool> TryCloseClientAsync(CancellationToken cancellationToken)
    {
        if (!_fromNode.AtBoundary)
            return false;
        if (_fromNode.HasEnded(FrameCursor.Close))
            return true;
        try
        {
            await client.WriteAsync(CloseFrame.ToClient, cancellationToken);
            await client.FlushAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (IsEnd(e) && !cancellationToken.IsCancellationRequested)
        {
            // The client is gone already.
            return false;
        }
    }

    /// <summary>Reads what the client still says, to nowhere, until its close frame or its end. By nobody while the forwarder reads.</summary>
    public async Task ReadOutAsync()
    {
        if (_toNode.IsDone)
            return;
        var buffer = ArrayPool<byte>.Shared.Rent(ReadOutSize);
        try
        {
            while (true)
            {
                // Woken, not told that something came: whoever woke it has nothing to say to this.
                await _reader.WaitAsync();
                if (!_reader.HasCome)
                    continue;
                var length = await _reader.ReadAsync(buffer);
                if (length == 0 || _toNode.PassOut(buffer.AsSpan(0, length)))
                    return;
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The client is gone.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Ends a read of the client that waits; nobody begins another.</summary>
    public async Task EndReadingAsync()
    {
        await _cancelling.DisposeAsync();
        await _reader.EndAsync();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken != _cancelledBy)
        {
            // The forwarder has one token for all of its reads.
            _cancelling.Dispose();
            _cancelledBy = cancellationToken;
            _cancelling = cancellationToken.UnsafeRegister(static s => ((TunnelStream)s!).End(), this);
        }
        var step = _toNode.Next(buffer.Span, out var length);
        if (_toNode.IsClosed)
            Closed(ByClient);
        if (step is ClientDirection.Step.Give or ClientDirection.Step.End)
            return new ValueTask<int>(length);
        if (step == ClientDirection.Step.Wait)
            return ReadOnAsync(buffer);
        // Who asks with an empty buffer only waits, and may be let go too early: the read that follows waits itself.
        if (buffer.IsEmpty)
            return _reader.WaitAsync();
        if (!_reader.HasCome)
            return ReadOnAsync(buffer);
        var reading = _reader.ReadAsync(buffer);
        if (!reading.IsCompletedSuccessfully)
            return FinishAsync(reading, buffer);
        return TryTake(buffer, reading.Result, out length) ? new ValueTask<int>(length) : ReadOnAsync(buffer);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_untilNodeClose)
            return WriteUntilCloseAsync(buffer, cancellationToken);
        var pass = _fromNode.AdvanceThrough(FrameCursor.Close, buffer.Span);
        return _fromNode.HasEnded(FrameCursor.Close) ? WriteCloseAsync(buffer[..pass], cancellationToken) : WriteOnAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => client.FlushAsync(cancellationToken);

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>How the end of a connection shows.</summary>
    private static bool IsEnd(Exception e) =>
        e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or Microsoft.AspNetCore.Http.BadHttpRequestException;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadOnAsync(Memory<byte> buffer)
    {
        while (true)
        {
            switch (_toNode.Next(buffer.Span, out var length))
            {
                case ClientDirection.Step.Give:
                case ClientDirection.Step.End:
                    return length;
                case ClientDirection.Step.Wait:
                    await _reader.WaitToBeWokenAsync();
                    continue;
            }
            await _reader.WaitAsync();
            if (!_reader.HasCome)
                continue;
            if (buffer.IsEmpty)
                return 0;
            if (TryTake(buffer, await _reader.ReadAsync(buffer), out length))
                return length;
        }
    }

    private async ValueTask<int> FinishAsync(ValueTask<int> reading, Memory<byte> buffer) =>
        TryTake(buffer, await reading, out var length) ? length : await ReadOnAsync(buffer);

    /// <summary>Takes what was read from the client. False: none of it is for the node, and the client goes on.</summary>
    private bool TryTake(ReadOnlyMemory<byte> buffer, int received, out int length)
    {
        length = 0;
        if (received == 0)
        {
            _toNode.Ended();
            clientEnded();
            return true;
        }
        length = _toNode.Pass(buffer.Span[..received]);
        if (length == 0)
            return false;
        load.CountBytes(baseId, length);
        return true;
    }

    /// <summary>What the node says before its own close. Only when the client has that has the node closed: what ends the forwarder also ends its write.
    /// </summary>
    private async ValueTask WriteUntilCloseAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        var pass = _nodeIsDone ? 0 : _fromNode.AdvanceUntil(FrameCursor.Close, buffer.Span);
        _nodeIsDone |= pass < buffer.Length || _fromNode.HasEnded(FrameCursor.Close);
        if (pass > 0)
            await WriteOnAsync(buffer[..pass], cancellationToken);
        if (_nodeIsDone)
            _nodeClosed?.TrySetResult();
    }

    /// <summary>The last that the node says.</summary>
    private async ValueTask WriteCloseAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!buffer.IsEmpty)
            await WriteOnAsync(buffer, cancellationToken);
        Closed(ByNode);
        _nodeClosed?.TrySetResult();
    }

    private void Closed(int side)
    {
        if ((Interlocked.Or(ref _closes, side) | side) == (ByClient | ByNode))
            closed();
    }

    private ValueTask WriteOnAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        load.CountBytes(baseId, buffer.Length);
        Volatile.Write(ref _given, _given + buffer.Length);
        _isWriting = true;
        var writing = client.WriteAsync(buffer, canCancel ? cancellationToken : CancellationToken.None);
        if (!writing.IsCompletedSuccessfully)
            return FinishAsync(writing);
        _isWriting = false;
        return writing;
    }

    private async ValueTask FinishAsync(ValueTask writing)
    {
        await writing;
        _isWriting = false;
    }
}
