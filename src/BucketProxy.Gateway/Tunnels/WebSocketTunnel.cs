using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Forwarder.Transport;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Options;

namespace BucketProxy.Gateway.Tunnels;

/// <summary>
/// One websocket after its handshake. A forwarder copies between the node and a <see cref="TunnelStream"/>, which stands for the client; this says
/// when what happens.
/// <code>
///   open     client ──frames──► node         node ──frames──► client
///   a move   1  client frames stop at once, at the end of the frame that is half sent
///            2  running requests of the bucket end (their broadcasts shall still pass), limited
///            3  close 1012 to the node; its frames run out until its own close, limited; its connection is closed:
///               from here on nothing of this tunnel is in flight to the node
///            4  after a random part of the spread: close 1012 to the client, at a frame boundary
///   closed   each has the other's close frame: both connections are closed at once
///   ended    a client that has ended its side gets what the node still sends, where its connection has left the server
/// </code>
/// </summary>
#pragma warning disable CA1001 // The source has no timer and no handle, and is cancelled by whoever comes late.
internal sealed class WebSocketTunnel(
    BaseId baseId, RoutingEntry entry, Traffic traffic, GatewayOptions options, TimeProvider time)
    : TrackedTunnel(baseId, entry)
#pragma warning restore CA1001
{
    private static readonly TimeSpan ClientFarewell = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan NodeFarewell = TimeSpan.FromSeconds(10);
    private readonly TaskCompletionSource<TunnelClose> _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _nodeEnds = new();
    private TunnelStream? _stream;
    private Action<bool> _endClient = static _ => { };
    private ITimer? _silence;
    private long _givenBefore;

    public override string Kind => "websocket";

    /// <summary>Cancelled when the node's connection is to be closed. The request's lifetime, as the forwarder sees it.</summary>
    public CancellationToken NodeEnds => _nodeEnds.Token;

    /// <summary>The client has its handshake.</summary>
    public bool IsOpen => _stream is not null;

    public override void Close(TunnelClose reason)
    {
        Volatile.Read(ref _stream)?.StopClient();
        _closing.TrySetResult(reason);
    }

    /// <summary>Has the forwarder close the node's connection. May be called again, by anybody.</summary>
    public void EndNode()
    {
        // With the direct forwarder the connection is closed when this returns.
        _nodeEnds.Cancel();
        _stream?.End();
    }

    /// <summary>The client has ended its side, and the node has been told, or will be: it may go on for as long as it has something to say that the client takes.</summary>
    public void ClientEnded()
    {
        _givenBefore = _stream!.Given;
        _silence = time.CreateTimer(static t => ((WebSocketTunnel)t!).EndIfNodeIsSilent(), this, NodeFarewell, NodeFarewell);
    }

    /// <summary>Opens it on a stream of the server's.</summary>
    /// <param name="client">The client's bytes, both ways.</param>
    /// <param name="abort">Breaks the client's connection.</param>
    public TunnelStream Open(Stream client, Action abort) =>
        Open(new TunnelStream(client, BaseId, traffic.Load, EndNode, EndNode, canCancel: true), isBroken =>
        {
            if (isBroken)
                abort();
        });

    /// <summary>Opens it on a connection that has left the server. Whoever copies hands it over to <paramref name="tunnels"/>.</summary>
    public TunnelStream Open(DetachedStream client, DetachedTunnels tunnels) =>
        Open(new DetachedTunnelStream(client, this, traffic.Load, tunnels), isBroken =>
        {
            if (isBroken)
                client.Abort();
            else
                client.Dispose();
        });

    /// <summary>Carries it until both ends are done. Never throws for what the ends do.</summary>
    /// <param name="forwarding">Ends when the forwarder has closed the node's connection and copies no more.</param>
    public async Task CarryAsync(Task forwarding)
    {
        var stream = _stream!;
        var copied = EndedAsync(forwarding);
        try
        {
            if (await Task.WhenAny(copied, _closing.Task) == _closing.Task)
            {
                await CloseNodeAsync(stream, copied, await _closing.Task);
                await CloseClientAsync(stream, copied, await _closing.Task);
                return;
            }
            // One side is gone without our doing, and so is the other. A node that closed by the book gets its client's answer waited for; one
            // that broke off does not.
            traffic.FellSilent(this);
            if (stream.NodeSaidClose)
                await WithinAsync(ClientFarewell, token => stream.ReadOutAsync().WaitAsync(token));
        }
        finally
        {
            EndNode();
            // It may still be writing to a client that does not read.
            _endClient(!copied.IsCompleted || stream.IsWriting);
            await copied;
            traffic.FellSilent(this);
            // Nobody reads, so nobody finds the client's end any more.
            if (_silence is not null)
                await _silence.DisposeAsync();
            await stream.EndReadingAsync();
        }
    }

    private void EndIfNodeIsSilent()
    {
        var given = _stream!.Given;
        if (given == _givenBefore)
            EndNode();
        _givenBefore = given;
    }

    private TunnelStream Open(TunnelStream stream, Action<bool> endClient)
    {
        _endClient = endClient;
        Volatile.Write(ref _stream, stream);
        // A move may have begun meanwhile, and found no stream.
        if (_closing.Task.IsCompleted)
            stream.StopClient();
        return stream;
    }

    /// <summary>Steps 2 and 3.</summary>
    private async Task CloseNodeAsync(TunnelStream stream, Task copied, TunnelClose reason)
    {
        if (reason == TunnelClose.Move)
            await WithinAsync(options.BroadcastWait, token => traffic.WhenPlainSilentAsync(BaseId.Bucket, token));
        if (reason != TunnelClose.Cut)
        {
            await WithinAsync(options.NodeRunOut, async token =>
            {
                // A client that stopped in the middle of a frame would leave the node without a boundary to close at.
                await stream.ClientQuiet.WaitAsync(token);
                await Task.WhenAny(stream.CloseNode(), copied).WaitAsync(token);
            });
        }
        EndNode();
        // S2: closed first, then silent. YARP's own forwarder has closed it when it returns.
        if (options.Forwarder == ForwarderKind.Yarp)
            await copied;
        traffic.FellSilent(this);
    }

    /// <summary>Step 4.</summary>
    private async Task CloseClientAsync(TunnelStream stream, Task copied, TunnelClose reason)
    {
        var readOut = ReadOutAsync(stream, copied);
        if (reason != TunnelClose.Cut)
            await WithinAsync(options.CloseSpread * Random.Shared.NextDouble(), token => readOut.WaitAsync(token));
        await WithinAsync(ClientFarewell, async token =>
        {
            await copied.WaitAsync(token);
            // Inside a frame that the node never finished there is no place for a close frame.
            if (!await stream.TryCloseClientAsync(token))
                return;
            // Closing while client bytes are unread would reset the connection, and our frame might be lost.
            await readOut.WaitAsync(token);
        });
    }

    private static async Task ReadOutAsync(TunnelStream stream, Task copied)
    {
        await copied;
        await stream.ReadOutAsync();
    }

    /// <summary>The forwarder tells of what went wrong elsewhere; here it only matters that it ended.</summary>
    private static async Task EndedAsync(Task forwarding) => await forwarding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

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
}
