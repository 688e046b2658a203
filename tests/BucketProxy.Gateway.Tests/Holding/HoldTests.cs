using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Holding;

public sealed class HoldTests
{
    private static readonly Bucket Bucket = GatewayUnderTest.Bucket;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_NoOpenOwner_HeldUntilThereIsOne(bool moving)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(null);
        if (moving)
            gateway.Tables.Moving(Bucket, node.Record).Publish();
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 1, "it is held");
        Assert.Empty(node.Requests);
        gateway.Tables.Open(Bucket, node.Record).Publish();

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Assert.Equal(0, gateway.Host.Held);
    }

    [Fact]
    public async Task Request_HeldTooLong_503WithRetryAfter()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(null, new GatewayOptions { HoldTime = TimeSpan.FromMilliseconds(100) });

        var response = await gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));

        Assert.Equal(503, response.Status);
        Assert.Equal("2", response.Header("Retry-After"));
        Assert.StartsWith("{\"error_msg\":\"", response.Text, StringComparison.Ordinal);
        Assert.Equal(0, gateway.Host.Held);
    }

    [Fact]
    public async Task Request_OwnerRefusesAllTheTime_503WithRetryAfter()
    {
        int port;
        await using (var gone = new FakeNode())
            port = gone.Port;
        await using var gateway = await GatewayUnderTest.StartAsync(
            new() { Id = "dtable-server-01", LocalUrl = new Uri($"http://127.0.0.1:{port}"), LocalUrlText = $"http://127.0.0.1:{port}" },
            new GatewayOptions { HoldTime = TimeSpan.FromMilliseconds(300) });

        var response = await gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));

        Assert.Equal(503, response.Status);
        Assert.Equal("2", response.Header("Retry-After"));
        Assert.Equal(0, gateway.Host.Held);
        Assert.Equal(0, gateway.Traffic.PlainRequests);
    }

    [Fact]
    public async Task Limit_PerBucket_NewestIsRefusedOthersGoOn()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(null, new GatewayOptions { HoldPerBucket = 2 });
        await using var first = await gateway.ClientAsync();
        await using var second = await gateway.ClientAsync();
        await first.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await second.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 2, "two are held");

        var third = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        Assert.Equal(503, third.Status);
        Assert.NotNull(third.Header("Retry-After"));
        gateway.Tables.Open(Bucket, node.Record).Publish();
        Assert.Equal(200, (await first.ReadResponseAsync()).Status);
        Assert.Equal(200, (await second.ReadResponseAsync()).Status);
    }

    [Fact]
    public async Task Limit_PerProxy_CountsAllBuckets()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(null, new GatewayOptions { HoldTotal = 1 });
        await using var first = await gateway.ClientAsync();
        await first.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 1, "one is held");

        var other = await gateway.AskAsync(GatewayUnderTest.Get("/dtables/ff3b5a1e-7c2d-4e8f-9a0b-1c2d3e4f5a6b/"));

        Assert.Equal(503, other.Status);
    }

    [Fact]
    public async Task ClientGone_WhileHeld_FreesItsPlaceAndReachesNoNode()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(null);
        await using (var client = await gateway.ClientAsync())
        {
            await client.SendAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
            await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 1, "it is held");
        }
        await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 0, "its place is free");

        gateway.Tables.Open(Bucket, node.Record).Publish();
        Assert.Equal(200, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);
        Assert.DoesNotContain(node.Requests, r => r.Method == "POST");
    }

    [Fact]
    public async Task Body_OfAHeldRequest_StaysWithTheClientAndArrivesWhole()
    {
        var length = 0L;
        await using var node = new FakeNode(async (request, wire) =>
        {
            length = (await request.ReadBodyAsync(wire)).Length;
            await wire.SendAsync(FakeNode.Empty);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(null);
        await using var client = await gateway.ClientAsync();
        const int Size = 20_000_000;
        await client.SendAsync($"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nContent-Length: {Size}\r\n\r\n");
        var upload = client.Wire.Stream.WriteAsync(new byte[Size]).AsTask();
        await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 1, "it is held");

        // More than every buffer in between can take: the rest is still with the client.
        Assert.False(upload.IsCompleted);
        gateway.Tables.Open(Bucket, node.Record).Publish();
        await upload;

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Assert.Equal(Size, length);
    }

    [Fact]
    public async Task Release_ManyHeld_OldestFirstAndSoManyAtOnce()
    {
        var underWay = 0;
        var most = 0;
        var go = new SemaphoreSlim(0);
        await using var node = new FakeNode(async (_, wire) =>
        {
            var now = Interlocked.Increment(ref underWay);
            InterlockedMax(ref most, now);
            await go.WaitAsync();
            Interlocked.Decrement(ref underWay);
            await wire.SendAsync(FakeNode.Empty);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(null, new GatewayOptions { ReleaseAtOnce = 2 });
        var clients = new List<RawClient>();
        for (var i = 0; i < 6; i++)
        {
            clients.Add(await gateway.ClientAsync());
            await clients[i].SendAsync(GatewayUnderTest.Get($"{GatewayUnderTest.Path}?n={i}"));
            await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == i + 1, "it is held");
        }

        gateway.Tables.Open(Bucket, node.Record).Publish();
        await GatewayUnderTest.UntilAsync(() => Volatile.Read(ref underWay) == 2, "two are under way");
        // Who comes now goes behind those that wait.
        clients.Add(await gateway.ClientAsync());
        await clients[6].SendAsync(GatewayUnderTest.Get($"{GatewayUnderTest.Path}?n=6"));
        await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 5, "the newcomer queued up");
        for (var i = 0; i < 7; i++)
        {
            var before = node.Requests.Count;
            go.Release();
            if (before < 7)
                await GatewayUnderTest.UntilAsync(() => node.Requests.Count == before + 1, "the next one came");
        }
        foreach (var client in clients)
        {
            Assert.Equal(200, (await client.ReadResponseAsync()).Status);
            await client.DisposeAsync();
        }

        Assert.True(most <= 3, $"{most} were under way at once.");
        var order = node.Requests.Select(r => int.Parse(r.Target[(r.Target.IndexOf('=') + 1)..], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.Equal([0, 1], order.Take(2).Order());
        Assert.Equal([2, 3, 4, 5, 6], order.Skip(2));
    }

    [Fact]
    public async Task Pin_Moves_OtherBasesOfTheBucketGoOn()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        var pin = BasePrefix.Of(GatewayUnderTest.BaseId);
        gateway.Tables.Moving(Bucket, node.Record, pin).Publish();
        await using var pinned = await gateway.ClientAsync();
        await pinned.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 1, "the pinned base is held");

        var other = await gateway.AskAsync(GatewayUnderTest.Get("/dtables/0fffffff-7c2d-4e8f-9a0b-1c2d3e4f5a6b/"));

        Assert.Equal(200, other.Status);
        Assert.Equal(1, gateway.Host.Held);
        gateway.Tables.Open(Bucket, node.Record, pin).Publish();
        Assert.Equal(200, (await pinned.ReadResponseAsync()).Status);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
