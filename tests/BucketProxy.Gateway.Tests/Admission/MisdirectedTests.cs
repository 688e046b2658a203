using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using BucketProxy.Gateway.Admission;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Admission;

/// <summary>What becomes of a request that a gate refuses: it is sent again, and nobody but its sender hears of the 421.</summary>
public sealed class MisdirectedTests
{
    // S4. The mutation: the body is taken from the client as it goes out; then what is sent again has none.
    [Theory]
    [InlineData(0, false, 1)]
    [InlineData(10, false, 3)]
    [InlineData(1024, false, 1)]
    [InlineData(1025, false, 2)]
    [InlineData(16 * 1024, false, 2)]
    [InlineData(16 * 1024 + 1, false, 2)]
    [InlineData(100_000, false, 3)]
    [InlineData(10, true, 2)]
    [InlineData(5_000_000, true, 2)]
    public async Task Body_AfterRefusals_ArrivesOnceAndWhole(int length, bool isChunked, int refusals)
    {
        var body = RandomNumberGenerator.GetBytes(length);
        await using var gate = new FakeGate(refusals);
        using var figures = new Figures();
        await using var proxy = await GatewayUnderTest.StartAsync(gate.Record, telemetry: new GatewayTelemetry { Meters = figures });

        var response = await PostAsync(proxy, body, isChunked, HttpVersion.Version11);

        Assert.Equal((HttpStatusCode.OK, "ok"), response);
        Assert.Equal(body, Assert.Single(gate.Bodies));
        Assert.Equal(refusals + 1, gate.Node.Requests.Count);
        Assert.All(gate.Node.Requests, r => Assert.NotNull(r.Header(TableMark.HeaderName)));
        Assert.All(gate.Node.Requests, r => Assert.Equal(isChunked, r.Header("Transfer-Encoding") == "chunked"));
        Assert.Equal(refusals, figures.Now("bucketproxy.misdirected")[$"node={gate.Node.Id}"]);
        Assert.Equal(0, figures.Now("bucketproxy.retries")[$"node={gate.Node.Id}"]);
        Assert.Equal(0, proxy.Host.Held);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(300_000)]
    public async Task Body_OverHttp2AfterRefusals_ArrivesOnceAndWhole(int length)
    {
        var body = RandomNumberGenerator.GetBytes(length);
        await using var gate = new FakeGate(refusals: 2);
        await using var proxy = await GatewayUnderTest.StartAsync(gate.Record);

        Assert.Equal((HttpStatusCode.OK, "ok"), await PostAsync(proxy, body, isChunked: false, HttpVersion.Version20));

        Assert.Equal(body, Assert.Single(gate.Bodies));
        Assert.Equal(3, gate.Node.Requests.Count);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(300_000)]
    public async Task Body_RefusedByARealGateThenAdmitted_ReachesTheServerOnce(int length)
    {
        var body = RandomNumberGenerator.GetBytes(length);
        var bodies = new ConcurrentQueue<byte[]>();
        await using var node = await GatedNode.StartAsync(async (request, wire) =>
        {
            bodies.Enqueue(await request.ReadBodyAsync(wire));
            await wire.SendAsync(RawServer.Ok);
        });
        await using var proxy = await GatewayUnderTest.StartAsync(node.Registered);
        node.Tables.Moving(GatewayUnderTest.Bucket, node.Own()).PublishAt(proxy.Tables.Revision + 10);

        var posting = PostAsync(proxy, body, isChunked: false, HttpVersion.Version11);
        await GatewayUnderTest.UntilAsync(() => proxy.Host.Held == 1, "it waits for the gate's revision");
        Assert.Empty(node.Server.Requests);
        node.Tables.Open(GatewayUnderTest.Bucket, node.Own()).PublishAt(1000);
        proxy.Tables.PublishAt(1000);

        Assert.Equal((HttpStatusCode.OK, "ok"), await posting);
        Assert.Equal(body, Assert.Single(bodies));
        Assert.Null(node.Server.Requests.Single().Header("Expect"));
        Assert.Equal(length.ToString(CultureInfo.InvariantCulture), node.Server.Requests.Single().Header("Content-Length"));
    }

    // The mutation: it is sent again after a pause, whatever the table says; then the gate is asked again and again for what its sender could know.
    [Fact]
    public async Task SenderIsBehind_WaitsForTheRevisionAndGoesToTheNewOwner()
    {
        await using var first = new FakeGate(refusals: int.MaxValue, revision: 1000);
        await using var second = new FakeNode(id: "dtable-server-02");
        await using var proxy = await GatewayUnderTest.StartAsync(first.Record);
        await using var client = await proxy.ClientAsync();

        await client.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await GatewayUnderTest.UntilAsync(() => proxy.Host.Held == 1, "it waits for the revision");
        var since = TimeProvider.System.GetTimestamp();
        // Its pauses would begin at 50 ms.
        await GatewayUnderTest.UntilAsync(
            () => first.Node.Requests.Count > 1 || TimeProvider.System.GetElapsedTime(since) > TimeSpan.FromSeconds(1), "pauses would be over");
        proxy.Tables.PublishAt(999);
        proxy.Tables.Open(GatewayUnderTest.Bucket, second.Record).PublishAt(1000);

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Assert.Single(first.Node.Requests);
        // The terms of the first attempt are not those of the second.
        Assert.DoesNotContain("BucketProxy", second.Requests.Single().Head, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("0000000000000001-1")]
    [InlineData("0000000000000007-9223372036854775807")]
    [InlineData("of a version to come")]
    public async Task NothingToWaitFor_SentAgainAfterAPause(string mark)
    {
        var refusals = 2;
        await using var node = new FakeNode((_, wire) => wire.SendAsync(
            Interlocked.Decrement(ref refusals) < 0 ? RawServer.Ok : $"HTTP/1.1 421 x\r\n{TableMark.HeaderName}: {mark}\r\nContent-Length: 1\r\n\r\nx"));
        await using var proxy = await GatewayUnderTest.StartAsync(FakeGate.RecordOf(node.Id, node.Port));

        Assert.Equal(200, (await proxy.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);

        Assert.Equal(3, node.Requests.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(long.MaxValue)]
    public async Task RefusedForTheWholeHold_503(long revision)
    {
        await using var gate = new FakeGate(refusals: int.MaxValue, revision);
        await using var proxy = await GatewayUnderTest.StartAsync(gate.Record, new GatewayOptions { HoldTime = TimeSpan.FromMilliseconds(300) });

        var response = await proxy.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));

        Assert.Equal(503, response.Status);
        Assert.Equal("2", response.Header("Retry-After"));
        Assert.Empty(response.All(TableMark.HeaderName));
        Assert.Empty(gate.Bodies);
    }

    [Fact]
    public async Task WebSocket_Refused_OpensAtTheNewOwner()
    {
        await using var first = new FakeGate(refusals: int.MaxValue, revision: 1000);
        await using var second = await GatedNode.StartAsync(Ws.EchoAsync, "dtable-server-02");
        await using var proxy = await GatewayUnderTest.StartAsync(first.Record, SocketIo.AtOnce);
        await using var client = await proxy.ClientAsync();

        await client.SendAsync(Ws.Handshake(SocketIo.Target));
        await GatewayUnderTest.UntilAsync(() => proxy.Host.Held == 1, "it waits for the revision");
        proxy.Tables.Open(GatewayUnderTest.Bucket, second.Registered).PublishAt(1000);

        Assert.Equal(101, (await client.ReadResponseAsync()).Status);
        await client.Wire.SendAsync(Ws.Frame(Ws.Text, "hello", masked: true));
        Assert.Equal("hello"u8.ToArray(), (await client.Wire.ReadFrameAsync()).Payload);
        Assert.Empty(second.Server.Requests.Single().All(TableMark.HeaderName));
    }

    [Fact]
    public async Task Poll_Refused_SentAgain()
    {
        await using var gate = new FakeGate(refusals: 1);
        await using var proxy = await GatewayUnderTest.StartAsync(gate.Record);

        var response = await proxy.AskAsync(GatewayUnderTest.Get($"/socket.io/?dtable_uuid={GatewayUnderTest.Uuid}&EIO=4&transport=polling&sid=x"));

        Assert.Equal((200, "ok"), (response.Status, response.Text));
        Assert.Equal(2, gate.Node.Requests.Count);
    }

    [Fact]
    public async Task SmallBodyRefused_ItsConnectionIsUsedAgain()
    {
        await using var gate = new FakeGate(refusals: 2);
        await using var proxy = await GatewayUnderTest.StartAsync(gate.Record);

        Assert.Equal((HttpStatusCode.OK, "ok"), await PostAsync(proxy, new byte[10], isChunked: false, HttpVersion.Version11));

        Assert.Single(gate.Node.Requests.Select(r => r.Connection).Distinct());
    }

    private static async Task<(HttpStatusCode Status, string Text)> PostAsync(GatewayUnderTest proxy, byte[] body, bool isChunked, Version version)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://127.0.0.1:{proxy.Port}{GatewayUnderTest.Path}"))
        {
            Version = version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        if (isChunked)
            request.Headers.TransferEncodingChunked = true;
        using var response = await http.SendAsync(request).Within();
        Assert.False(response.Headers.Contains(TableMark.HeaderName));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
