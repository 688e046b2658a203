using System.Buffers;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.InFlight;

namespace BucketProxy.Gateway.Tunnels;

/// <summary>
/// One websocket after its handshake: bytes go through as they come, and a light reading of frame headers tells where a close frame of
/// ours may stand.
/// <code>
///   open     client ──frames──► node         node ──frames──► client
///   a move   1  client frames stop at once, at the end of the frame that is half sent
///            2  running requests of the bucket end (their broadcasts shall still pass), limited
///            3  close 1012 to the node; its frames run out until its own close, limited; its connection is closed:
///               from here on nothing of this tunnel is in flight to the node
///            4  after a random part of the spread: close 1012 to the client, at a frame boundary
/// </code>
/// </summary>
internal sealed class WebSocketTunnel(
    BaseId baseId, RoutingEntry entry, Traffic traffic, GatewayOptions options, TimeProvider time)
    : TrackedTunnel(baseId, entry)
{
    private static readonly TimeSpan ClientFarewell = TimeSpan.FromSeconds(2);
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<TunnelClose> _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _clientQuiet = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FrameCursor _fromClient;
    private FrameCursor _fromNode;
    private bool _stopClient;
    private bool _writingToNode;
    private volatile bool _untilNodeClose;

    public override string Kind => "websocket";

    public override void Close(TunnelClose reason)
    {
        lock (_lock)
        {
            _stopClient = true;
            if (!_writingToNode && _fromClient.AtBoundary)
                _clientQuiet.TrySetResult();
        }
        _closing.TrySetResult(reason);
    }

    /// <summary>Carries frames until both ends are done.</summary>
    /// <param name="client">The client's bytes, both ways.</param>
    /// <param name="node">The node's bytes, both ways.</param>
    /// <param name="endClient">Ends the client's connection when nothing more is sent to it; true: in the middle of something.</param>
    public async Task RunAsync(Stream client, Stream node, Action<bool> endClient)
    {
        using var reading = new CancellationTokenSource();
        var toNode = PumpToNodeAsync(client, node, reading.Token);
        var toClient = PumpToClientAsync(client, node);
        try
        {
            var first = await Task.WhenAny(toNode, toClient, _closing.Task);
            if (first == _closing.Task)
            {
                await CloseNodeAsync(node, toClient, await _closing.Task);
                await CloseClientAsync(client, toNode, toClient, await _closing.Task);
                return;
            }
            // One side is gone without our doing: so is the other.
            await node.DisposeAsync();
            traffic.FellSilent(this);
            // A node that closed by the book gets its client's answer waited for; one that broke off does not.
            if (first == toNode || _fromNode.Latest == FrameCursor.Close)
                await WithinAsync(ClientFarewell, token => Task.WhenAll(toNode, toClient).WaitAsync(token));
        }
        finally
        {
            await node.DisposeAsync();
            traffic.FellSilent(this);
            await reading.CancelAsync();
            // It may still be writing to a client that does not read.
            endClient(!toClient.IsCompleted);
            await Task.WhenAll(toNode, toClient);
        }
    }

    /// <summary>Steps 2 and 3.</summary>
    private async Task CloseNodeAsync(Stream node, Task toClient, TunnelClose reason)
    {
        try
        {
            if (reason == TunnelClose.Cut)
                return;
            if (reason == TunnelClose.Move)
                await WithinAsync(options.BroadcastWait, token => traffic.WhenPlainSilentAsync(BaseId.Bucket, token));
            await WithinAsync(options.NodeRunOut, async token =>
            {
                // A client that stopped in the middle of a frame would leave the node without a boundary to close at.
                await _clientQuiet.Task.WaitAsync(token);
                _untilNodeClose = true;
                await node.WriteAsync(CloseFrame.ToNode, token);
                await toClient.WaitAsync(token);
            });
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The node's end broke while we said goodbye: it is closed either way.
        }
        finally
        {
            await node.DisposeAsync();
            traffic.FellSilent(this);
        }
    }

    /// <summary>Step 4.</summary>
    private async Task CloseClientAsync(Stream client, Task toNode, Task toClient, TunnelClose reason)
    {
        try
        {
            if (reason != TunnelClose.Cut)
            {
                var spread = options.CloseSpread * Random.Shared.NextDouble();
                await WithinAsync(spread, token => toNode.WaitAsync(token));
            }
            await WithinAsync(ClientFarewell, async token =>
            {
                await toClient.WaitAsync(token);
                // Inside a frame that the node never finished there is no place for a close frame.
                if (!_fromNode.AtBoundary)
                    return;
                await client.WriteAsync(CloseFrame.ToClient, token);
                await client.FlushAsync(token);
                // Closing while client bytes are unread would reset the connection, and our frame might be lost.
                await toNode.WaitAsync(token);
            });
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The client is gone already.
        }
    }

    private async Task PumpToNodeAsync(Stream client, Stream node, CancellationToken reading)
    {
        using var buffer = new PumpBuffer(ArrayPool<byte>.Shared);
        var isOver = false;
        try
        {
            while (await buffer.ReadAsync(client, reading))
            {
                var data = buffer.Data;
                var pass = isOver ? 0 : BeginWrite(data.Span);
                if (pass > 0)
                {
                    await node.WriteAsync(data[..pass], CancellationToken.None);
                    traffic.Load.CountBytes(BaseId, pass);
                }
                isOver = isOver || EndWrite();
                // What the client still says goes nowhere. Its close frame is the last thing worth reading.
                if (isOver && _fromClient.AdvanceUntil(FrameCursor.Close, data.Span[pass..]) < data.Length - pass)
                    return;
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The client went away, or the node did.
        }
        finally
        {
            _clientQuiet.TrySetResult();
        }
    }

    /// <summary>How much of the client's bytes may go to the node: all, or once closing the rest of the frame that is half sent.
    /// </summary>
    private int BeginWrite(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            var pass = data.Length;
            if (_stopClient)
                pass = _fromClient.AdvanceToBoundary(data);
            else
                _fromClient.Advance(data);
            _writingToNode = pass > 0;
            return pass;
        }
    }

    /// <summary>True when nothing more may go to the node.</summary>
    private bool EndWrite()
    {
        lock (_lock)
        {
            _writingToNode = false;
            if (!_stopClient || !_fromClient.AtBoundary)
                return false;
            _clientQuiet.TrySetResult();
            return true;
        }
    }

    private async Task PumpToClientAsync(Stream client, Stream node)
    {
        using var buffer = new PumpBuffer(ArrayPool<byte>.Shared);
        try
        {
            while (await buffer.ReadAsync(node, CancellationToken.None))
            {
                var data = buffer.Data;
                var pass = data.Length;
                if (_untilNodeClose)
                    pass = _fromNode.AdvanceUntil(FrameCursor.Close, data.Span);
                else
                    _fromNode.Advance(data.Span);
                if (pass > 0)
                {
                    await client.WriteAsync(data[..pass]);
                    traffic.Load.CountBytes(BaseId, pass);
                }
                if (pass < data.Length)
                    return;
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The node went away, or the client did.
        }
    }

    /// <summary>Runs <paramref name="work"/> for at most <paramref name="limit"/>.</summary>
    private async Task WithinAsync(TimeSpan limit, Func<CancellationToken, Task> work)
    {
        using var over = new CancellationTokenSource(limit, time);
        try
        {
            await work(over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Limited on purpose.
        }
    }

    private static bool IsEnd(Exception e) =>
        e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException
            or Microsoft.AspNetCore.Http.BadHttpRequestException or HttpRequestException;
}
