using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Gateway.Tests.Guarding;

public sealed class SmugglingTests
{
    private const string Post = $"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\n";
    private const string Get = $"GET {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\n";

    public static TheoryData<string, string> Shapes => new()
    {
        { "Content-Length and Transfer-Encoding", Post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "the same, other way round", Post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" },
        { "two Content-Lengths", Post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef" },
        { "Content-Length list", Post + "Content-Length: 5, 6\r\n\r\nabcdef" },
        { "negative Content-Length", Post + "Content-Length: -5\r\n\r\nabcde" },
        { "hex Content-Length", Post + "Content-Length: 0x5\r\n\r\nabcde" },
        { "unknown Transfer-Encoding", Post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" },
        { "Transfer-Encoding list", Post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" },
        { "Transfer-Encoding twice", Post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" },
        { "Transfer-Encoding with HTTP/1.0", $"POST {GatewayUnderTest.Path} HTTP/1.0\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "folded header", Get + "X-Folded: a\r\n b\r\n\r\n" },
        { "folded Transfer-Encoding", Post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" },
        { "bare LF behind a header", Get + "X-A: 1\nX-B: 2\r\n\r\n" },
        { "bare LF behind the request line", $"GET {GatewayUnderTest.Path} HTTP/1.1\nHost: p\r\n\r\n" },
        { "bare CR in a value", Get + "X-A: 1\rX-B: 2\r\n\r\n" },
        { "NUL in a value", Get + "X-A: 1\0\r\n\r\n" },
        { "space before the colon", Post + "Content-Length : 5\r\n\r\nabcde" },
        { "space in a name", Get + "X A: 1\r\n\r\n" },
        { "empty name", Get + ": 1\r\n\r\n" },
        { "no Host", $"GET {GatewayUnderTest.Path} HTTP/1.1\r\n\r\n" },
        { "two Hosts", Get + "Host: q\r\n\r\n" },
        { "empty Host", $"GET {GatewayUnderTest.Path} HTTP/1.1\r\nHost: \r\n\r\n" },
        { "CONNECT", "CONNECT node.example:443 HTTP/1.1\r\nHost: node.example:443\r\n\r\n" },
        { "absolute form of another scheme", $"GET gopher://p{GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\n\r\n" },
        { "space in the target", "GET /api/v1/dtables/" + GatewayUnderTest.Uuid + "/a b HTTP/1.1\r\nHost: p\r\n\r\n" },
        { "tab in the target", "GET /api/v1/dtables/" + GatewayUnderTest.Uuid + "/a\tb HTTP/1.1\r\nHost: p\r\n\r\n" },
        { "encoded line break in the UUID's place", "GET /dtables/" + GatewayUnderTest.Uuid + "%0d%0aX-Injected:1/ HTTP/1.1\r\nHost: p\r\n\r\n" },
        { "fragment", "GET /api/v1/dtables/" + GatewayUnderTest.Uuid + "/#x HTTP/1.1\r\nHost: p\r\n\r\n" },
        { "non-ASCII target", "GET /api/v1/dtables/" + GatewayUnderTest.Uuid + "/\u00e9 HTTP/1.1\r\nHost: p\r\n\r\n" },
        { "websocket handshake by POST", Post + "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n" },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Request_OfTwoReadings_400AndNoNodeSeesIt(string shape, string request)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await using var client = await gateway.ClientAsync();
        await client.SendAsync(request);
        var response = await client.ReadResponseAsync().Within();

        Assert.True(response.Status == 400, $"{shape}: {response.Head}");
        Assert.Empty(node.Requests);
    }

    [Theory]
    [InlineData("bad size", "x\r\nabc\r\n0\r\n\r\n")]
    [InlineData("size too long", "fffffffffffffffff\r\nabc\r\n0\r\n\r\n")]
    [InlineData("no line end behind a chunk", "3\r\nabcd\r\n0\r\n\r\n")]
    [InlineData("negative size", "-3\r\nabc\r\n0\r\n\r\n")]
    public async Task Body_BadChunk_400AndTheNodeNeverSeesAnEnd(string shape, string body)
    {
        var completed = 0;
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            Interlocked.Increment(ref completed);
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(Post + "Transfer-Encoding: chunked\r\n\r\n" + body);

        Assert.True(response.Status == 400, $"{shape}: {response.Head}");
        Assert.Equal(0, completed);
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0, "nothing is in flight");
    }

    [Fact]
    public async Task Request_AuthorityForm_405()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        Assert.Equal(405, (await gateway.AskAsync("GET p:80 HTTP/1.1\r\nHost: p:80\r\n\r\n")).Status);
        Assert.Empty(node.Requests);
    }

    [Fact]
    public async Task ContentLength_WithSign_NodeGetsItInTheOneSpelling()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await gateway.AskAsync(Post + "Content-Length: +5\r\n\r\nabcde");

        Assert.Equal("5", Assert.Single(node.Requests).Header("Content-Length"));
    }

    [Theory]
    [InlineData("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc")]
    [InlineData("Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n")]
    [InlineData("Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n")]
    [InlineData("Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n")]
    public async Task Upgrade_NotOfAPlainWebsocket_NodeIsNotAsked(string rest)
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        Assert.Equal(200, (await gateway.AskAsync(Get + rest)).Status);
        var request = Assert.Single(node.Requests);
        Assert.Null(request.Header("Upgrade"));
        Assert.Null(request.Header("Connection"));
    }

    [Fact]
    public async Task Node_SwitchesProtocolsUnasked_502()
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        Assert.Equal(502, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);
    }

    [Fact]
    public async Task Request_PipelinedBehindABadOne_IsNeverRead()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(Post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + GatewayUnderTest.Get(GatewayUnderTest.Path));
        var all = System.Text.Encoding.Latin1.GetString(await client.Wire.ReadToEndAsync().Within());

        Assert.StartsWith("HTTP/1.1 400", all, StringComparison.Ordinal);
        Assert.DoesNotContain("200 OK", all, StringComparison.Ordinal);
        Assert.Empty(node.Requests);
    }

    [Fact]
    public async Task Headers_TooLarge_431AndNoNodeSeesIt()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path, $"X-Long: {new string('a', 33 * 1024)}\r\n"));

        Assert.Equal(431, response.Status);
        Assert.Empty(node.Requests);
    }

    [Theory]
    [InlineData(100, 100, 200)]
    [InlineData(100, 101, 431)]
    [InlineData(500, 500, 200)]
    [InlineData(10, 11, 431)]
    public async Task Headers_SoMany_431OverTheLimit(int limit, int count, int status)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { MaxHeaderCount = limit });

        // One is Host.
        var fields = string.Concat(Enumerable.Range(1, count - 1).Select(n => $"X-{n}: {n}\r\n"));
        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path, fields));

        Assert.Equal(status, response.Status);
        Assert.Equal(status == 200 ? 1 : 0, node.Requests.Count);
    }

    [Fact]
    public async Task RequestLine_TooLong_414AndNoNodeSeesIt()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path + "?" + new string('a', 17 * 1024)));

        Assert.Equal(414, response.Status);
        Assert.Empty(node.Requests);
    }
}
