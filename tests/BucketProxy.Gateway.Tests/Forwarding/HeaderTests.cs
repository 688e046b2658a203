using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Forwarding;

public sealed class HeaderTests
{
    [Fact]
    public async Task Request_UsualHeaders_ForwardedAndExtended()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await gateway.AskAsync(GatewayUnderTest.Get(
            GatewayUnderTest.Path,
            "Authorization: Token abc\r\nCookie: a=1; b=2\r\nX-Twice: 1\r\nX-Twice: 2\r\nContent-Type: application/json\r\nContent-Language: de\r\nIf-None-Match: \"x\"\r\n"));

        var request = Assert.Single(node.Requests);
        Assert.Equal("proxy.example", request.Header("Host"));
        Assert.Equal("Token abc", request.Header("Authorization"));
        Assert.Equal("a=1; b=2", request.Header("Cookie"));
        Assert.Equal(["1", "2"], request.All("X-Twice").SelectMany(v => v.Split(", ")));
        Assert.Equal("application/json", request.Header("Content-Type"));
        Assert.Equal("de", request.Header("Content-Language"));
        Assert.Equal("\"x\"", request.Header("If-None-Match"));
        Assert.Equal("127.0.0.1", request.Header("X-Forwarded-For"));
        Assert.Equal("http", request.Header("X-Forwarded-Proto"));
        Assert.Equal("proxy.example", request.Header("X-Forwarded-Host"));
        Assert.Null(request.Header("Transfer-Encoding"));
        Assert.Null(request.Header("traceparent"));
    }

    [Fact]
    public async Task Request_ForwardedByAProxyInFront_ItsWordStandsAndWeAppend()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await gateway.AskAsync(GatewayUnderTest.Get(
            GatewayUnderTest.Path,
            "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: cloud.example\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"));

        var request = Assert.Single(node.Requests);
        Assert.Equal("203.0.113.7, 127.0.0.1", request.Header("X-Forwarded-For"));
        Assert.Equal("https", request.Header("X-Forwarded-Proto"));
        Assert.Equal("cloud.example", request.Header("X-Forwarded-Host"));
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", request.Header("traceparent"));
    }

    [Fact]
    public async Task Request_SeveralLinesOfOneName_StaySeveral_WithYarpTheyAreOne()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path, "X-Twice: 1\r\nX-Twice: 2\r\n"));

        string[] expected = GatewayUnderTest.Forwarder == ForwarderKind.Yarp ? ["1, 2"] : ["1", "2"];
        Assert.Equal(expected, Assert.Single(node.Requests).All("X-Twice"));
    }

    [Theory]
    [InlineData("GET", "Expires: 0")]
    [InlineData("GET", "Content-Type: application/json")]
    [InlineData("HEAD", "Content-Encoding: gzip")]
    public async Task Request_ThatIsSafeWithAHeaderOfContent_SaysNoLength_WithYarpThatItIsEmpty(string method, string header)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await gateway.AskAsync($"{method} {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\n{header}\r\n\r\n");

        Assert.Equal(GatewayUnderTest.Forwarder == ForwarderKind.Yarp ? "0" : null, Assert.Single(node.Requests).Header("Content-Length"));
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("PUT")]
    [InlineData("POST")]
    public async Task Request_WithoutABodyThatIsNoGet_SaysThatItIsEmpty(string method)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await gateway.AskAsync($"{method} {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\n\r\n");

        Assert.Equal("0", Assert.Single(node.Requests).Header("Content-Length"));
    }

    [Fact]
    public async Task Request_HopByHopAndNominatedHeaders_StopHere()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await gateway.AskAsync(GatewayUnderTest.Get(
            GatewayUnderTest.Path,
            "Connection: keep-alive, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic x\r\nTE: gzip\r\nUpgrade: h2c\r\nX-Stays: 1\r\n"));

        var request = Assert.Single(node.Requests);
        foreach (var name in (string[])["X-Secret", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "TE", "Upgrade", "Connection"])
            Assert.True(request.Header(name) is null, request.Head);
        Assert.Equal("1", request.Header("X-Stays"));
    }

    [Theory]
    [InlineData("Connection: X-Secret", true)]
    [InlineData("Connection: keep-alive, X-Secret", true)]
    [InlineData("Connection: x-secret,Upgrade", true)]
    [InlineData("Connection: keep-alive\r\nConnection: X-Secret", true)]
    [InlineData("Connection: X-Secret\r\nConnection: Upgrade", true)]
    [InlineData("Connection: TE, X-Secret\r\nTE: trailers", true)]
    [InlineData("Connection: Upgrade, HTTP2-Settings, X-Secret\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk", true)]
    [InlineData("Connection: close, X-Secret", false)]
    [InlineData("Connection: close\r\nConnection: X-Secret", false)]
    [InlineData("Connection: X-Secret\r\nConnection: close, keep-alive", false)]
    public async Task Request_NominatesAField_ItStopsHereAndTheConnectionIsUsedAgain(string connection, bool isKept)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        var response = await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path, connection + "\r\nX-Secret: 1\r\n"));

        Assert.Null(Assert.Single(node.Requests).Header("X-Secret"));
        Assert.Equal(isKept ? null : "close", response.Header("Connection"));
        if (isKept)
            Assert.Equal("ok", (await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Text);
        else
            Assert.Empty(await client.Wire.ReadToEndAsync());
    }

    [Theory]
    [InlineData("TE: trailers", true)]
    [InlineData("Connection: TE\r\nTE: deflate, Trailers", true)]
    [InlineData("TE: gzip", false)]
    public async Task Request_TakesTrailers_NodeIsToldWithTheNomination(string te, bool isTold)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path, te + "\r\n"));

        var request = Assert.Single(node.Requests);
        Assert.Equal(isTold ? "trailers" : null, request.Header("TE"));
        Assert.Equal(isTold ? "TE" : null, request.Header("Connection"));
    }

    [Fact]
    public async Task Request_HandshakeThatTakesTrailers_NominatesTheUpgradeAlone()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(Ws.Accept(request));
            await wire.ReadToEndAsync();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce);
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(Ws.Handshake(SocketIo.Target).Replace("\r\nHost:", "\r\nTE: trailers\r\nHost:", StringComparison.Ordinal));

        Assert.Equal(101, (await client.ReadResponseAsync()).Status);
        var request = Assert.Single(node.Requests);
        Assert.Equal("Upgrade", request.Header("Connection"));
        Assert.Null(request.Header("TE"));
    }

    /// <summary>RFC 9112 section 9.3.</summary>
    [Fact]
    public async Task Client_OfHttp10_ItsConnectionEndsWithTheAnswer()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        var response = await client.AskAsync($"GET {GatewayUnderTest.Path} HTTP/1.0\r\nHost: p\r\nConnection: keep-alive\r\n\r\n");

        Assert.Equal("close", response.Header("Connection"));
        Assert.Empty(await client.Wire.ReadToEndAsync());
    }

    /// <summary>Kestrel writes the phrase in ASCII. One that it cannot write is left out rather than changed: it means nothing (RFC 9110 section 15.1).</summary>
    [Theory]
    [InlineData("404 Nicht gefunden", "404 Nicht gefunden")]
    [InlineData("404 pas trouv\u00e9", "404 Not Found")]
    [InlineData("299 caf\u00e9", "299 ")]
    public async Task Response_ReasonPhrase_AsItCameOrTheUsualOne(string line, string expected)
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync($"HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n"));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        Assert.StartsWith($"HTTP/1.1 {expected}\r\n", response.Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_NonAscii_SurviveBothWaysByteForByte()
    {
        const string Latin1 = "caf\u00e9 \u00ff\u00a4";
        await using var node = new FakeNode((_, wire) => wire.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Name: {Latin1}\r\n\r\n"));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path, $"X-Name: {Latin1}\r\n"));

        Assert.Equal(Latin1, Assert.Single(node.Requests).Header("X-Name"));
        Assert.Equal(Latin1, response.Header("X-Name"));
    }

    [Fact]
    public async Task Response_NodesHeaders_AsTheyAreWithoutHopByHop()
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync(
            "HTTP/1.1 200 Fine\r\nConnection: keep-alive, X-Inner\r\nKeep-Alive: timeout=5\r\nX-Inner: 1\r\nServer: node\r\nETag: \"e\"\r\n"
            + "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n"));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        Assert.StartsWith("HTTP/1.1 200 Fine\r\n", response.Head, StringComparison.Ordinal);
        Assert.Equal("node", response.Header("Server"));
        Assert.Equal("\"e\"", response.Header("ETag"));
        Assert.Equal(["a=1", "b=2"], response.All("Set-Cookie"));
        Assert.Equal("Thu, 01 Jan 1970 00:00:00 GMT", response.Header("Date"));
        foreach (var name in (string[])["X-Inner", "Keep-Alive", "Connection", "Access-Control-Allow-Origin", "Via"])
            Assert.Null(response.Header(name));
    }

    [Theory]
    [InlineData("302 Found", "Location: http://elsewhere.example/x\r\nContent-Length: 0\r\n", 302)]
    [InlineData("304 Not Modified", "ETag: \"e\"\r\n", 304)]
    [InlineData("404 Not Found", "Content-Length: 0\r\n", 404)]
    [InlineData("500 Internal Server Error", "Content-Length: 0\r\n", 500)]
    [InlineData("503 Service Unavailable", "Content-Length: 0\r\n", 503)]
    public async Task Response_AnyStatus_PassedThrough(string line, string headers, int status)
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync($"HTTP/1.1 {line}\r\n{headers}\r\n"));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        Assert.Equal(status, response.Status);
        Assert.Equal(headers.Contains("Location", StringComparison.Ordinal) ? "http://elsewhere.example/x" : null, response.Header("Location"));
        Assert.Single(node.Requests);
    }

    [Fact]
    public async Task Response_Range_PassedThrough()
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-3/10\r\nContent-Length: 2\r\n\r\ncd"));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path, "Range: bytes=2-3\r\n"));

        Assert.Equal("bytes=2-3", Assert.Single(node.Requests).Header("Range"));
        Assert.Equal(206, response.Status);
        Assert.Equal("bytes 2-3/10", response.Header("Content-Range"));
        Assert.Equal("cd", response.Text);
    }

    [Fact]
    public async Task Response_AnnouncedTrailers_ReachTheClient()
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 42\r\n\r\n"));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await using var client = await gateway.ClientAsync();
        var response = await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path, "TE: trailers\r\n"));
        var again = await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path, "TE: trailers\r\n"));

        Assert.Equal("trailers", node.Requests.First().Header("TE"));
        Assert.Equal("abcde", response.Text);
        // YARP writes no trailers on HTTP/1.1: neither announced nor sent.
        var hasTrailers = GatewayUnderTest.Forwarder != ForwarderKind.Yarp;
        Assert.Equal(hasTrailers ? "X-Sum" : null, response.Header("Trailer"));
        Assert.Equal(hasTrailers ? ["X-Sum: 42"] : [], client.Wire.Trailers);
        Assert.Equal("abcde", again.Text);
    }

    [Fact]
    public async Task Response_Head_LengthWithoutBody()
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        var first = await client.AskAsync($"HEAD {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\n\r\n");
        var second = await client.AskAsync($"HEAD {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\n\r\n");

        Assert.Equal("5", first.Header("Content-Length"));
        Assert.Equal(200, second.Status);
    }
}
