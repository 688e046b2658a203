using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transforms;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.DependencyInjection;

namespace BucketProxy.Forwarder.Tests.Forwarding;

/// <summary>Whoever stands still for too long is ended.</summary>
public sealed class StandstillTests
{
    private static readonly ProxySetup Exact = new() { Proxy = static p => p.AddTransforms(static c => c.AddExactForwarding()) };

    [Fact]
    public async Task Answer_StopsInTheMiddle_EndedAfterTheIdleTimeout()
    {
        await using var server = new RawServer(async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
            await wire.ReadToEndAsync();
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact with { HttpRequest = new() { ActivityTimeout = TimeSpan.FromSeconds(1) } });
        await using var client = await app.ClientAsync();

        await client.SendAsync(ProxyApp.Send("POST", "/a/", "{}"));
        await client.Wire.ReadToEndAsync();

        await Patience.UntilAsync(() => app.UnderWay == 0 && server.OpenConnections == 0, "nothing is in flight");
    }

    [Fact]
    public async Task Client_DoesNotReadItsAnswer_EndedAfterTheIdleTimeout()
    {
        await using var server = new RawServer(async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
            while (true)
                await wire.SendAsync(new byte[1 << 20]);
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact with { HttpRequest = new() { ActivityTimeout = TimeSpan.FromSeconds(1) } });
        await using var client = await app.ClientAsync();

        await client.SendAsync(ProxyApp.Send("POST", "/a/", "{}"));

        await Patience.UntilAsync(
            () => !server.Requests.IsEmpty && app.UnderWay == 0 && server.OpenConnections == 0, "nothing is in flight");
    }

    [Fact]
    public async Task Client_StopsInItsBody_EndedAfterTheIdleTimeout()
    {
        await using var server = new RawServer(async (request, wire) => await request.ReadBodyAsync(wire));
        await using var app = await ProxyApp.StartAsync(server.Port, Exact with { HttpRequest = new() { ActivityTimeout = TimeSpan.FromSeconds(1) } });
        await using var client = await app.ClientAsync();

        await client.SendAsync($"POST /a/ HTTP/1.1\r\nHost: p\r\nContent-Length: 1000\r\n\r\nabc");

        Assert.Equal(504, (await client.ReadResponseAsync()).Status);
        await Patience.UntilAsync(() => app.UnderWay == 0 && server.OpenConnections == 0, "nothing is in flight");
    }

    [Fact]
    public async Task IdleConnection_IsClosedAfterItsLimit()
    {
        await using var server = new RawServer();
        await using var app = await ProxyApp.StartAsync(server.Port, Exact with { Client = static o => o.PooledConnectionIdleTimeout = TimeSpan.FromSeconds(1) });

        await app.AskAsync(ProxyApp.Get("/a/"));

        await Patience.UntilAsync(() => server.OpenConnections == 0, "the idle connection is closed");
    }
}
