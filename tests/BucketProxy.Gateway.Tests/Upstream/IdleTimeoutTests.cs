using BucketProxy.Gateway.Tests.Support;

namespace BucketProxy.Gateway.Tests.Upstream;

/// <summary>Whoever stands still for too long is ended.</summary>
public sealed class IdleTimeoutTests
{
    [Fact]
    public async Task Answer_StopsInTheMiddle_EndedAfterTheIdleTimeout()
    {
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
            await wire.ReadToEndAsync();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { IdleTimeout = TimeSpan.FromSeconds(1) });
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
        await client.Wire.ReadToEndAsync();

        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0 && node.OpenConnections == 0, "nothing is in flight");
    }

    [Fact]
    public async Task Client_DoesNotReadItsAnswer_EndedAfterTheIdleTimeout()
    {
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
            while (true)
                await wire.SendAsync(new byte[1 << 20]);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { IdleTimeout = TimeSpan.FromSeconds(1) });
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));

        await GatewayUnderTest.UntilAsync(
            () => !node.Requests.IsEmpty && gateway.Traffic.PlainRequests == 0 && node.OpenConnections == 0, "nothing is in flight");
    }

    [Fact]
    public async Task Client_StopsInItsBody_EndedAfterTheIdleTimeout()
    {
        await using var node = new FakeNode(async (request, wire) => await request.ReadBodyAsync(wire));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { IdleTimeout = TimeSpan.FromSeconds(1) });
        await using var client = await gateway.ClientAsync();

        await client.SendAsync($"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nContent-Length: 1000\r\n\r\nabc");

        Assert.Equal(504, (await client.ReadResponseAsync()).Status);
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0 && node.OpenConnections == 0, "nothing is in flight");
    }

    [Fact]
    public async Task IdleConnection_IsClosedAfterItsLimit()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { NodeKeepAlive = TimeSpan.FromSeconds(1) });

        await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0, "the idle connection is closed");
    }
}
