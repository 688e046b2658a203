using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Load;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Gateway.Tests.Load;

public sealed class LoadTests
{
    [Fact]
    public void Take_CountsSinceTheLastCall_ThenStartsAnew()
    {
        var time = new FakeTimeProvider();
        var load = new LoadCounters(time, 10);
        load.Count(GatewayUnderTest.BaseId, 100);
        load.Count(GatewayUnderTest.BaseId, 20);
        load.CountBytes(GatewayUnderTest.BaseId, 3);
        time.Advance(TimeSpan.FromSeconds(10));

        var sample = load.Take(b => b == GatewayUnderTest.Bucket ? 2 : 0);

        Assert.Equal(TimeSpan.FromSeconds(10), sample.Window);
        Assert.Equal(new BucketSample(GatewayUnderTest.Bucket, 2, 123, 2), Assert.Single(sample.Buckets));
        Assert.Empty(load.Take(_ => 0).Buckets);
    }

    [Fact]
    public void Take_SkewedBases_HottestComeFirst()
    {
        var load = new LoadCounters(new FakeTimeProvider(), 2);
        var random = new Random(1);
        for (var i = 0; i < 100_000; i++)
        {
            // Half of it for one base, a quarter for another, the rest for many.
            var which = random.Next(4) switch { < 2 => 1u, 2 => 2u, _ => 3u + (uint)random.Next(10_000) };
            load.Count(new BaseId((UInt128)which << 64), 0);
        }

        var hottest = load.Take(_ => 0).Hottest;

        Assert.Equal([(UInt128)1 << 64, (UInt128)2 << 64], hottest.Select(h => h.Base.Value));
        Assert.InRange(hottest[0].Requests, 40_000, 60_000);
    }

    [Fact]
    public void SpaceSaving_MoreBasesThanPlaces_FrequentOnesAreKeptAndMemoryIsBounded()
    {
        var hot = new SpaceSaving(10);
        for (var i = 0; i < 10_000; i++)
        {
            hot.Add(new BaseId((UInt128)(i + 100)), 1);
            if (i % 5 == 0)
                hot.Add(new BaseId(1), 1);
        }

        var top = hot.TakeTop(100);

        Assert.True(top.Count <= 10);
        Assert.Equal((UInt128)1, top[0].Base.Value);
        Assert.Equal(2000, top[0].Requests);
        Assert.Empty(hot.TakeTop(10));
    }

    [Fact]
    public async Task Gateway_RequestsAndFrames_ShowInTheSample()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            if (request.Header("Upgrade") is not null)
                await Ws.EchoAsync(request, wire);
            await request.ReadBodyAsync(wire);
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using (var client = await gateway.ClientAsync())
        {
            await client.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "1234567890"));
            await client.AskAsync(GatewayUnderTest.Get("/ping/"));
        }
        await using var socket = await SocketIo.OpenAsync(gateway);
        var frame = Ws.Frame(Ws.Text, "hi", masked: true);
        await socket.Wire.SendAsync(frame);
        await socket.Wire.ReadFrameAsync();

        // Frames are counted once they are passed on, so the client may have its echo before the count has it.
        long requests = 0, bytes = 0;
        var sockets = 0;
        await GatewayUnderTest.UntilAsync(
            () =>
            {
                foreach (var bucket in gateway.Traffic.TakeSample().Buckets)
                {
                    Assert.Equal(GatewayUnderTest.Bucket, bucket.Bucket);
                    requests += bucket.Requests;
                    bytes += bucket.Bytes;
                    sockets = bucket.Sockets;
                }
                return bytes >= 15 + frame.Length;
            },
            "the frames are in the sample");
        // The post, and the handshake: a websocket's request is over when its tunnel stands. YARP's forwarder carries the tunnel within it.
        Assert.Equal(GatewayUnderTest.Forwarder == ForwarderKind.Yarp ? 1 : 2, requests);
        Assert.Equal(1, sockets);
        // The echo comes without a mask: four bytes less than what was sent.
        Assert.InRange(bytes, 15 + frame.Length, 15 + frame.Length + frame.Length - 4);
    }
}
