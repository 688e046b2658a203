using System.Net.Sockets;
using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Gateway.Tests.Tunnels;

/// <summary>A client that shuts down its sending side, and reads on. With YARP's forwarder its connection ends: it is the server's, and ends with its request.</summary>
public sealed class WebSocketHalfCloseTests
{
    private const int Frames = 20;
    private static readonly Bucket Bucket = GatewayUnderTest.Bucket;
    private static readonly byte[] Payload = new byte[50_000];
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_EndsItsSide_GetsAllThatTheNodeStillSends(bool saysClose)
    {
        var seen = new TaskCompletionSource<byte[]>();
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(Ws.Accept(request));
            seen.SetResult(await wire.ReadToEndAsync());
            for (var i = 0; i < Frames; i++)
                await wire.SendAsync(Ws.Frame(Ws.Binary, Payload, masked: false));
            await wire.SendAsync(Ws.Frame(Ws.Close, [3, 232], masked: false));
            throw new EndOfStreamException();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, time: _time);
        await using var client = await SocketIo.OpenAsync(gateway);
        byte[] said = saysClose ? Ws.Frame(Ws.Close, [3, 232], masked: true) : Ws.Frame(Ws.Text, "last", masked: true);

        await client.Wire.SendAsync(said);
        client.Socket.Shutdown(SocketShutdown.Send);

        Assert.Equal(said, await seen.Task.Within());
        if (GatewayUnderTest.Forwarder == ForwarderKind.Direct)
        {
            for (var i = 0; i < Frames; i++)
                Assert.Equal(Payload.Length, (await client.Wire.ReadFrameAsync().Within()).Payload.Length);
            Assert.Equal(1000, await SocketIo.CloseCodeAsync(client));
        }
        await client.Wire.ReadToEndAsync().Within();
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.OpenTunnels == 0 && node.OpenConnections == 0, "nothing is open");
    }

    // Nobody would ever end it otherwise.
    [Fact]
    public async Task Client_EndsItsSide_NodeGoesOnInSilence_EndsWhenItsTimeIsOver()
    {
        var seen = new TaskCompletionSource();
        await using var node = SilentNode(seen);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, time: _time);
        await using var client = await SocketIo.OpenAsync(gateway);

        client.Socket.Shutdown(SocketShutdown.Send);
        await seen.Task.Within();

        await UntilAsync(() => gateway.Traffic.OpenTunnels == 0, "the tunnel has ended");
        Assert.Empty(await client.Wire.ReadToEndAsync().Within());
    }

    [Fact]
    public async Task Client_EndsItsSide_NodeSpeaksNowAndThen_StaysOpen_WithYarpItEnds()
    {
        var next = new SemaphoreSlim(0);
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(Ws.Accept(request));
            await wire.ReadToEndAsync();
            while (true)
            {
                await next.WaitAsync();
                await wire.SendAsync(Ws.Frame(Ws.Text, "row added", masked: false));
            }
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, time: _time);
        await using var client = await SocketIo.OpenAsync(gateway);

        client.Socket.Shutdown(SocketShutdown.Send);

        if (GatewayUnderTest.Forwarder == ForwarderKind.Yarp)
        {
            Assert.Empty(await client.Wire.ReadToEndAsync().Within());
            return;
        }
        for (var i = 0; i < 5; i++)
        {
            next.Release();
            Assert.Equal("row added", (await client.Wire.ReadFrameAsync().Within()).Text);
            _time.Advance(TimeSpan.FromSeconds(9));
        }
        Assert.Equal(1, gateway.Traffic.OpenTunnels);
        await UntilAsync(() => gateway.Traffic.OpenTunnels == 0, "the tunnel has ended");
    }

    // The client ended inside a frame: there is no end of it to wait for.
    [Fact]
    public async Task Move_ClientHasEndedItsSide_Told1012_WithYarpItEnds()
    {
        var seen = new TaskCompletionSource();
        await using var node = SilentNode(seen);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce with { NodeRunOut = TimeSpan.FromMilliseconds(50) });
        await using var client = await SocketIo.OpenAsync(gateway);
        await client.Wire.SendAsync(Ws.Frame(Ws.Text, "hello", masked: true).AsMemory(0, 7));
        client.Socket.Shutdown(SocketShutdown.Send);
        await seen.Task.Within();

        gateway.Tables.Moving(Bucket, node.Record).Publish();
        await gateway.Traffic.WhenSilentAsync(Bucket, null).Within();

        if (GatewayUnderTest.Forwarder == ForwarderKind.Direct)
            Assert.Equal(1012, await SocketIo.CloseCodeAsync(client));
        Assert.Empty(await client.Wire.ReadToEndAsync().Within());
    }

    // It sees the client's end, and goes on without a word.
    private static FakeNode SilentNode(TaskCompletionSource seen) => new(async (request, wire) =>
    {
        await wire.SendAsync(Ws.Accept(request));
        await wire.ReadToEndAsync();
        seen.SetResult();
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken.None);
    });

    private Task UntilAsync(Func<bool> condition, string what) => GatewayUnderTest.UntilAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return condition();
        },
        what);
}
