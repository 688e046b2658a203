using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Tunnels;

/// <summary>Tunnels when their bucket, their pin or their owner moves.</summary>
public sealed class WebSocketMoveTests
{
    private static readonly Bucket Bucket = GatewayUnderTest.Bucket;

    [Fact]
    public async Task Move_OpenTunnel_1012BothWaysAtAFrameBoundary()
    {
        var toNode = new List<WsFrame>();
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(Ws.Accept(request));
            while (true)
            {
                var frame = await wire.ReadFrameAsync();
                toNode.Add(frame);
                if (frame.Opcode == Ws.Close)
                {
                    // Broadcasts of the last moment, then the answer to the close.
                    await wire.SendAsync(Ws.Frame(Ws.Text, "last", masked: false));
                    await wire.SendAsync(Ws.Frame(Ws.Close, frame.Payload, masked: false));
                    throw new EndOfStreamException();
                }
                await wire.SendAsync(Ws.Frame(Ws.Text, frame.Payload, masked: false));
            }
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce);
        await using var client = await SocketIo.OpenAsync(gateway);
        await client.Wire.SendAsync(Ws.Frame(Ws.Text, "one", masked: true));
        Assert.Equal("one", (await client.Wire.ReadFrameAsync()).Text);

        gateway.Tables.Moving(Bucket, node.Record).Publish();
        await gateway.Traffic.WhenSilentAsync(Bucket, null).Within();

        Assert.Equal("last", (await client.Wire.ReadFrameAsync()).Text);
        var close = await client.Wire.ReadFrameAsync();
        Assert.Equal(Ws.Close, close.Opcode);
        Assert.Equal(1012, close.CloseCode);
        Assert.False(close.IsMasked);
        await client.Wire.SendAsync(Ws.Frame(Ws.Close, close.Payload, masked: true));
        Assert.Empty(await client.Wire.ReadToEndAsync());
        Assert.Equal([Ws.Text, Ws.Close], toNode.Select(f => f.Opcode));
        Assert.Equal(1012, toNode[1].CloseCode);
        Assert.True(toNode[1].IsMasked);
    }

    // The mutation: client frames go on after the move began.
    [Fact]
    public async Task Move_ClientGoesOnSending_NodeGetsTheRestOfTheHalfSentFrameAndNothingMore()
    {
        var frames = new List<WsFrame>();
        var half = new TaskCompletionSource();
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(Ws.Accept(request));
            while (true)
            {
                if (frames.Count == 0)
                {
                    var first = await wire.ReadExactlyAsync(7);
                    half.SetResult();
                    var rest = await wire.ReadExactlyAsync(4);
                    frames.Add(new WsFrame((byte)(first[0] & 15), true, 0, true, [.. first, .. rest]));
                    continue;
                }
                frames.Add(await wire.ReadFrameAsync());
            }
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce with { NodeRunOut = TimeSpan.FromSeconds(5) });
        await using var client = await SocketIo.OpenAsync(gateway);
        var frame = Ws.Frame(Ws.Text, "hello", masked: true);
        await client.Wire.SendAsync(frame.AsMemory(0, 7));
        await half.Task.Within();

        gateway.Tables.Moving(Bucket, node.Record).Publish();
        await client.Wire.SendAsync((byte[])[.. frame[7..], .. Ws.Frame(Ws.Text, "too late", masked: true), .. Ws.Frame(Ws.Binary, new byte[100_000], masked: true)]);
        await GatewayUnderTest.UntilAsync(() => frames.Count == 2, "the node sees the close");

        Assert.Equal(frame, frames[0].Payload);
        Assert.Equal(1012, frames[1].CloseCode);
        node.CloseAll();
        var close = await client.Wire.ReadFrameAsync();
        Assert.Equal(1012, close.CloseCode);
    }

    [Fact]
    public async Task Move_NodeStopsInsideAFrame_ClientIsCutWithoutABrokenFrame()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(Ws.Accept(request));
            await wire.SendAsync(Ws.Frame(Ws.Text, "hello", masked: false).AsMemory(0, 4));
            await wire.ReadToEndAsync();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce);
        await using var client = await SocketIo.OpenAsync(gateway);
        Assert.Equal(4, (await client.Wire.ReadExactlyAsync(4)).Length);

        gateway.Tables.Moving(Bucket, node.Record).Publish();
        await gateway.Traffic.WhenSilentAsync(Bucket, null).Within();

        Assert.Empty(await client.Wire.ReadToEndAsync());
    }

    [Fact]
    public async Task Move_ClientDoesNotRead_TunnelFallsSilentAllTheSame()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(Ws.Accept(request));
            while (true)
                await wire.SendAsync(Ws.Frame(Ws.Binary, new byte[60_000], masked: false));
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce);
        await using var client = await SocketIo.OpenAsync(gateway);

        gateway.Tables.Moving(Bucket, node.Record).Publish();
        await gateway.Traffic.WhenSilentAsync(Bucket, null).Within();

        await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0, "the node's connection is closed");
    }

    [Fact]
    public async Task Move_RunningRequest_ItsBroadcastStillReachesTheTunnel()
    {
        var arrived = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        RawConnection? socket = null;
        await using var node = new FakeNode(async (request, wire) =>
        {
            if (request.Header("Upgrade") is not null)
            {
                socket = wire;
                await wire.SendAsync(Ws.Accept(request));
                while ((await wire.ReadFrameAsync()).Opcode != Ws.Close)
                {
                }
                throw new EndOfStreamException();
            }
            await request.ReadBodyAsync(wire);
            arrived.SetResult();
            await answer.Task;
            await socket!.SendAsync(Ws.Frame(Ws.Text, "row added", masked: false));
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce);
        await using var client = await SocketIo.OpenAsync(gateway);
        var post = gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
        await arrived.Task.Within();

        gateway.Tables.Moving(Bucket, node.Record).Publish();
        Assert.Contains("1 running requests", gateway.Traffic.BusyWith(Bucket, null), StringComparison.Ordinal);
        Assert.Contains("1 websockets", gateway.Traffic.BusyWith(Bucket, null), StringComparison.Ordinal);
        answer.SetResult();

        Assert.Equal(200, (await post).Status);
        Assert.Equal("row added", (await client.Wire.ReadFrameAsync()).Text);
        Assert.Equal(1012, (await client.Wire.ReadFrameAsync()).CloseCode);
        await gateway.Traffic.WhenSilentAsync(Bucket, null).Within();
        Assert.Null(gateway.Traffic.BusyWith(Bucket, null));
    }

    // S2. The mutation: the table is not read again at the 101.
    [Fact]
    public async Task Move_BeginsDuringTheHandshake_NodesConnectionIsClosedAndTheClientTold()
    {
        var arrived = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        await using var node = new FakeNode(async (request, wire) =>
        {
            arrived.SetResult();
            await answer.Task;
            await wire.SendAsync(Ws.Accept(request));
            await wire.ReadToEndAsync();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce);
        await using var client = await gateway.ClientAsync();
        await client.SendAsync(Ws.Handshake(SocketIo.Target));
        await arrived.Task.Within();

        gateway.Tables.Moving(Bucket, node.Record).Publish();
        Assert.False(gateway.Traffic.IsSilent(Bucket, null));
        answer.SetResult();
        await gateway.Traffic.WhenSilentAsync(Bucket, null).Within();

        Assert.Equal(503, (await client.ReadResponseAsync()).Status);
        await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0, "the node's connection is closed");
    }

    [Fact]
    public async Task Pin_Moves_TunnelsOfOtherBasesStay()
    {
        await using var node = new FakeNode(Ws.EchoAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce);
        await using var pinned = await SocketIo.OpenAsync(gateway);
        await using var other = await SocketIo.OpenAsync(gateway, SocketIo.Target.Replace(GatewayUnderTest.Uuid, "0fffffff-7c2d-4e8f-9a0b-1c2d3e4f5a6b", StringComparison.Ordinal));
        var pin = BasePrefix.Of(GatewayUnderTest.BaseId);

        // The bucket's own entry is a new object too, as when a pin comes in.
        gateway.Tables.Reopen(gateway.Tables.Current.Table[Bucket]).Moving(Bucket, node.Record, pin).Publish();
        await gateway.Traffic.WhenSilentAsync(Bucket, pin).Within();

        Assert.Equal(1012, await SocketIo.CloseCodeAsync(pinned));
        await other.Wire.SendAsync(Ws.Frame(Ws.Text, "still here", masked: true));
        Assert.Equal("still here", (await other.Wire.ReadFrameAsync()).Text);
        Assert.Equal(1, gateway.Traffic.OpenTunnels);
    }

    [Fact]
    public async Task Owner_ChangesWithoutAVisibleMove_TunnelIsClosed()
    {
        await using var node = new FakeNode(Ws.EchoAsync);
        await using var next = new FakeNode(Ws.EchoAsync, "dtable-server-02");
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce);
        await using var client = await SocketIo.OpenAsync(gateway);

        gateway.Tables.Open(Bucket, next.Record).Publish();

        Assert.Equal(1012, await SocketIo.CloseCodeAsync(client));
    }
}
