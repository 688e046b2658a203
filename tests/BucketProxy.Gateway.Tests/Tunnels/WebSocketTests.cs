using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Tunnels;

/// <summary>A tunnel from its handshake to its end.</summary>
public sealed class WebSocketTests
{
    private static readonly Bucket Bucket = GatewayUnderTest.Bucket;

    [Fact]
    public async Task Handshake_Upgrade_PassedOnAndFramesEchoed()
    {
        await using var node = new FakeNode(Ws.EchoAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await using var client = await SocketIo.OpenAsync(gateway);
        foreach (var size in (int[])[0, 5, 126, 70_000, 1_000_000])
        {
            var payload = new byte[size];
            Random.Shared.NextBytes(payload);
            await client.Wire.SendAsync(Ws.Frame(Ws.Binary, payload, masked: true, reserved: 0x40));
            var echo = await client.Wire.ReadFrameAsync();
            Assert.Equal(payload, echo.Payload);
            Assert.Equal(0x40, echo.Reserved);
        }

        var request = Assert.Single(node.Requests);
        Assert.Equal(SocketIo.Target, request.Target);
        Assert.Equal("Upgrade", request.Header("Connection"));
        Assert.Equal("websocket", request.Header("Upgrade"));
        Assert.Equal("permessage-deflate", request.Header("Sec-WebSocket-Extensions"));
        Assert.Equal("127.0.0.1", request.Header("X-Forwarded-For"));
        Assert.Equal(1, gateway.Traffic.OpenTunnels);
        Assert.Equal(0, gateway.Traffic.PlainRequests);
    }

    [Fact]
    public async Task Handshake_NodeRefuses_ItsAnswerIsTheClients()
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 27\r\nX-Node: 1\r\n\r\n{\"message\":\"Session unknown"));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(Ws.Handshake(SocketIo.Target));

        Assert.Equal(400, response.Status);
        Assert.Equal("1", response.Header("X-Node"));
        Assert.Equal("{\"message\":\"Session unknown", response.Text);
        Assert.Equal(0, gateway.Traffic.OpenTunnels);
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0, "nothing is in flight");
    }

    [Fact]
    public async Task Handshake_WhileMoving_HeldAndOpenedAtTheNewOwner()
    {
        await using var node = new FakeNode(Ws.EchoAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(null);
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(Ws.Handshake(SocketIo.Target));
        await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 1, "it is held");
        gateway.Tables.Open(Bucket, node.Record).Publish();

        Assert.Equal(101, (await client.ReadResponseAsync()).Status);
    }

    [Fact]
    public async Task Client_Closes_NodeSeesItAndNothingIsLeft()
    {
        await using var node = new FakeNode(Ws.EchoAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await SocketIo.OpenAsync(gateway);

        await client.Wire.SendAsync(Ws.Frame(Ws.Close, [3, 232], masked: true));

        Assert.Equal(1000, (await client.Wire.ReadFrameAsync()).CloseCode);
        Assert.Empty(await client.Wire.ReadToEndAsync());
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.OpenTunnels == 0 && node.OpenConnections == 0, "nothing is open");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_GoesAway_NodesConnectionIsClosed(bool reset)
    {
        await using var node = new FakeNode(Ws.EchoAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using (var client = await SocketIo.OpenAsync(gateway))
        {
            if (reset)
                client.Reset();
        }

        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.OpenTunnels == 0 && node.OpenConnections == 0, "nothing is open");
    }

    [Fact]
    public async Task Node_Dies_ClientsConnectionEnds()
    {
        await using var node = new FakeNode(Ws.EchoAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await SocketIo.OpenAsync(gateway);

        node.CloseAll();

        Assert.Empty(await client.Wire.ReadToEndAsync());
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.OpenTunnels == 0, "nothing is open");
    }

    [Fact]
    public async Task Tunnel_IdleForTheIdleTimeout_StaysOpen_WithYarpItEnds()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            if (request.Header("Upgrade") is not null)
                await Ws.EchoAsync(request, wire);
            await wire.ReadToEndAsync();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { IdleTimeout = TimeSpan.FromSeconds(1) });
        await using var client = await SocketIo.OpenAsync(gateway);
        await client.Wire.SendAsync(Ws.Frame(Ws.Text, "one", masked: true));
        Assert.Equal("one", (await client.Wire.ReadFrameAsync()).Text);

        // Began later, and is over its time.
        Assert.Equal(504, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);

        if (GatewayUnderTest.Forwarder == ForwarderKind.Yarp)
        {
            Assert.Empty(await client.Wire.ReadToEndAsync());
            await GatewayUnderTest.UntilAsync(() => gateway.Traffic.OpenTunnels == 0 && node.OpenConnections == 0, "nothing is open");
            return;
        }
        await client.Wire.SendAsync(Ws.Frame(Ws.Text, "two", masked: true));
        Assert.Equal("two", (await client.Wire.ReadFrameAsync()).Text);
    }

    [Fact]
    public async Task Drain_OpenTunnels_1012()
    {
        await using var node = new FakeNode(Ws.EchoAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce);
        await using var client = await SocketIo.OpenAsync(gateway);

        var stop = gateway.Host.StopAsync();

        Assert.Equal(1012, await SocketIo.CloseCodeAsync(client));
        await client.Wire.SendAsync(Ws.Frame(Ws.Close, [3, 244], masked: true));
        await stop.Within();
        Assert.Equal(0, gateway.Traffic.OpenTunnels);
    }

    [Fact]
    public async Task CutAll_OpenTunnelAndRequest_SilentAtOnce()
    {
        var arrived = new TaskCompletionSource();
        await using var node = new FakeNode(async (request, wire) =>
        {
            if (request.Header("Upgrade") is not null)
                await Ws.EchoAsync(request, wire);
            await request.ReadBodyAsync(wire);
            arrived.SetResult();
            await wire.ReadByteAsync();
            throw new EndOfStreamException();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce);
        await using var client = await SocketIo.OpenAsync(gateway);
        var post = gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
        await arrived.Task.Within();
        gateway.Tables.Unassigned(Bucket).Publish();

        gateway.Host.CutAll();

        await gateway.Traffic.WhenSilentAsync(Bucket, null).Within();
        Assert.Equal(502, (await post).Status);
        await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0, "no connection is left");
    }
}
