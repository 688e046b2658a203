using System.Text;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Gateway.Tests.Hosting;

public sealed class ConnectionTests
{
    [Theory]
    [InlineData("")]
    [InlineData("PRI * HT")]
    public async Task Client_SaysNothingOrHalfAPreface_IsCutWhenItsTimeIsOver(string beginning)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(null, new GatewayOptions { ClientKeepAlive = TimeSpan.FromSeconds(1) });
        await using var client = await gateway.ClientAsync();
        await client.SendAsync(beginning);

        Assert.Empty(await client.Wire.ReadToEndAsync().Within());
    }

    [Theory]
    [InlineData("")]
    [InlineData("PRI")]
    [InlineData("GET /ping/ HTTP/1.1\r\nHost: p\r\n\r\n")]
    public async Task Stop_IdleConnections_DoNotHoldItUp(string beginning)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { DrainLimit = TimeSpan.FromHours(1) });
        await using var client = await gateway.ClientAsync();
        await client.SendAsync(beginning);
        if (beginning.StartsWith("GET", StringComparison.Ordinal))
            Assert.Equal(200, (await client.ReadResponseAsync()).Status);

        await gateway.Host.StopAsync().Within();

        Assert.Empty(await client.Wire.ReadToEndAsync());
    }

    [Fact]
    public async Task Request_InSingleBytes_IsServed()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();
        // Begins like the preface, so that the look at it must go on.
        foreach (var b in Encoding.Latin1.GetBytes($"PRI {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\n\r\n"))
            await client.Wire.SendAsync((byte[])[b]);

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Assert.Equal("PRI", node.Requests.Single().Method);
    }

    [Fact]
    public async Task Client_EndsInsideAPreface_400()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(null);
        await using var client = await gateway.ClientAsync();
        await client.SendAsync("PRI * HTTP/2");
        client.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);

        var answer = Encoding.Latin1.GetString(await client.Wire.ReadToEndAsync());

        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), answer);
    }

    [Fact]
    public async Task Start_PortIsTaken_SaysSo()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(null);

        await using var second = new DataHost(
            gateway.Tables.Current, gateway.Traffic, new GatewayOptions { Address = "127.0.0.1", Port = node.Port }, TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);

        await Assert.ThrowsAnyAsync<IOException>(() => second.StartAsync());
    }

    [Fact]
    public void Make_BadOptions_EveryProblemIsNamed()
    {
        var tables = new Tables();

        var e = Assert.Throws<ArgumentException>(() => new DataHost(
            tables.Current, new Traffic(tables.Current, TimeProvider.System), new GatewayOptions { Port = -1, HoldTotal = -1 }, TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance));

        Assert.Contains("Port: -1", e.Message, StringComparison.Ordinal);
        Assert.Contains("HoldTotal: -1", e.Message, StringComparison.Ordinal);
    }
}
