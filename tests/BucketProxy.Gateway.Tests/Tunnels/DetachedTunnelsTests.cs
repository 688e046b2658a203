using System.Net.Sockets;
using System.Text;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Tunnels;

/// <summary>Tunnels whose connection the server has let go of.</summary>
public sealed class DetachedTunnelsTests
{
    [Fact]
    public async Task Handshake_FramesRightBehindIt_ComeThroughInOrder()
    {
        await using var node = new FakeNode(Ws.EchoAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();
        byte[] all = [.. Encoding.ASCII.GetBytes(Ws.Handshake(SocketIo.Target)), .. Ws.Frame(Ws.Text, "first", masked: true), .. Ws.Frame(Ws.Text, "second", masked: true)];

        await client.Wire.SendAsync(all);

        Assert.Equal(101, (await client.ReadResponseAsync()).Status);
        Assert.Equal("first", (await client.Wire.ReadFrameAsync()).Text);
        Assert.Equal("second", (await client.Wire.ReadFrameAsync()).Text);
    }

    [Fact]
    public async Task OpenTunnel_CountsAsAConnectionUntilItEnds()
    {
        await using var node = new FakeNode(Ws.EchoAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { MaxConnections = 1 });
        await using (var tunnel = await SocketIo.OpenAsync(gateway))
        {
            await tunnel.Wire.SendAsync(Ws.Frame(Ws.Text, "one", masked: true));
            await tunnel.Wire.ReadFrameAsync();
            Assert.True(await IsRefusedAsync(gateway));
        }

        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.OpenTunnels == 0, "the tunnel has ended");
        // Its count may go a moment later.
        using var limit = new CancellationTokenSource(Patience.Limit, TimeProvider.System);
        while (await IsRefusedAsync(gateway))
            limit.Token.ThrowIfCancellationRequested();
    }

    [Fact]
    public async Task Stop_ClientHasNotSaidGoodbye_WaitsForItsFarewell()
    {
        await using var node = new FakeNode(Ws.EchoAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce);
        await using var client = await SocketIo.OpenAsync(gateway);

        var stop = gateway.Host.StopAsync();

        Assert.Equal(1012, (await client.Wire.ReadFrameAsync()).CloseCode);
        Assert.False(stop.IsCompleted);
        await client.Wire.SendAsync(Ws.Frame(Ws.Close, [3, 244], masked: true));
        Assert.Empty(await client.Wire.ReadToEndAsync());
        await stop.Within();
    }

    private static async Task<bool> IsRefusedAsync(GatewayUnderTest gateway)
    {
        try
        {
            await using var client = await gateway.ClientAsync();
            return (await client.AskAsync(GatewayUnderTest.Get("/ping/"))).Status != 200;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return true;
        }
    }
}
