using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Hosting;

/// <summary>The way back from the event loops, and what machines without them have: the runtime's own sockets.</summary>
public sealed class RuntimeSocketsTests
{
    private static readonly GatewayOptions Options = SocketIo.AtOnce with { InlineScheduling = false };

    [Fact]
    public async Task Request_LargeBothWays_PassesOnOneConnection()
    {
        const int Size = 300_000;
        await using var node = new FakeNode(async (request, wire) =>
        {
            var body = await request.ReadBodyAsync(wire);
            await wire.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n");
            await wire.SendAsync(body);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, Options);
        await using var client = await gateway.ClientAsync();
        var text = string.Concat(Enumerable.Range(0, Size / 10).Select(i => $"{i:D10}"));

        for (var round = 0; round < 3; round++)
            Assert.Equal(text, (await client.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, text))).Text);

        Assert.All(node.Requests, r => Assert.Equal(1, r.Connection));
    }

    [Fact]
    public async Task Move_OpenTunnel_1012AndSilent()
    {
        await using var node = new FakeNode(Ws.EchoAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, Options);
        await using var client = await SocketIo.OpenAsync(gateway);
        await client.Wire.SendAsync(Ws.Frame(Ws.Text, "one", masked: true));
        Assert.Equal("one", (await client.Wire.ReadFrameAsync()).Text);

        gateway.Tables.Moving(GatewayUnderTest.Bucket, node.Record).Publish();
        await gateway.Traffic.WhenSilentAsync(GatewayUnderTest.Bucket, null).Within();

        Assert.Equal(1012, (await client.Wire.ReadFrameAsync()).CloseCode);
    }

    [Fact]
    public async Task Node_ClosesAnIdleConnection_NextRequestGoesOverAnother()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, Options);

        Assert.Equal(200, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);
        node.CloseAll();
        await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0, "the connection is closed");

        Assert.Equal(200, (await gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"))).Status);
        Assert.Equal([1, 2], node.Requests.Select(r => r.Connection));
    }
}
