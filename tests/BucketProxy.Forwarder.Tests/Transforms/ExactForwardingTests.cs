using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transforms;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Transforms;

namespace BucketProxy.Forwarder.Tests.Transforms;

/// <summary>Exact forwarding, by either forwarder.</summary>
public sealed class ExactForwardingTests
{
    private static readonly ProxySetup Exact = new() { Proxy = static p => p.AddTransforms(static c => c.AddExactForwarding()) };

    // Exact and one more: the direct forwarder has to go by messages.
    private static readonly ProxySetup ExactAndMore = new()
    {
        Proxy = static p => p.AddTransforms(static c => c.AddExactForwarding().AddRequestTransform(static _ => ValueTask.CompletedTask)),
    };

    public static TheoryData<string> Ways => ["direct", "direct by messages", "yarp"];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Target_ByteForByte(string way)
    {
        string[] targets = ["/a%2Fb/%7e/%41", "/a/b/.hidden", "/x?q=%41%zz|\"'`{}", "//a//b?", "/?", "/a?b?c=/../d", "/%e4", "/a;b=1,2"];
        await using var server = new RawServer();
        await using var app = await StartAsync(way, server.Port, "/base/");
        await using var client = await RawClient.ConnectAsync(app.Port);

        foreach (var target in targets)
            Assert.Equal(200, (await client.AskAsync($"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")).Status);

        Assert.Equal(targets.Select(t => "/base" + t), server.Requests.Select(r => r.Target));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Headers_AsTheyCameButForThoseOfTheConnection(string way)
    {
        await using var server = new RawServer();
        await using var app = await StartAsync(way, server.Port);
        await using var client = await RawClient.ConnectAsync(app.Port);

        // The server keeps what stands there when it finds two of the options that it knows.
        var answer = await client.AskAsync(
            "GET / HTTP/1.1\r\nHost: proxy.example:81\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Lower: a\r\nCookie: a=1\r\nCookie: b=2\r\n"
            + "Connection: close, keep-alive, X-Hop\r\nX-Hop: 1\r\nTE: gzip, trailers\r\nProxy-Authorization: x\r\nContent-Type: text/plain\r\nContent-Language: de\r\n\r\n");

        Assert.Equal("close", answer.Header("Connection"));
        var got = Assert.Single(server.Requests);
        Assert.Equal("proxy.example:81", got.Header("Host"));
        Assert.Equal("1.2.3.4, 127.0.0.1", got.Header("X-Forwarded-For"));
        Assert.Equal("https", got.Header("X-Forwarded-Proto"));
        Assert.Equal("proxy.example:81", got.Header("X-Forwarded-Host"));
        Assert.Equal("a=1; b=2", got.Header("Cookie"));
        Assert.Equal("trailers", got.Header("TE"));
        Assert.Equal("text/plain", got.Header("Content-Type"));
        Assert.Equal("de", got.Header("Content-Language"));
        Assert.Empty(got.All("X-Hop"));
        Assert.Empty(got.All("Proxy-Authorization"));
        // Its own: TE is for the next one only.
        Assert.Equal("TE", got.Header("Connection"));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Body_GoesWithItsLengthOrInChunks(string way)
    {
        var bodies = new List<string>();
        await using var server = new RawServer(async (got, wire) =>
        {
            bodies.Add($"{got.Header("Content-Length")}{got.Header("Transfer-Encoding")}:{System.Text.Encoding.ASCII.GetString(await got.ReadBodyAsync(wire))}");
            await wire.SendAsync(RawServer.Ok);
        });
        await using var app = await StartAsync(way, server.Port);
        await using var client = await RawClient.ConnectAsync(app.Port);

        await client.AskAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
        await client.AskAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n");
        await client.AskAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal(["3:abc", "chunked:abcd", "0:"], bodies);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Answer_HeadersAsTheyCameButForThoseOfTheConnection(string way)
    {
        await using var server = new RawServer(static (_, wire) => wire.SendAsync(
            "HTTP/1.1 299 So So\r\nContent-Length: 2\r\nX-Twice: 1\r\nX-Twice: 2\r\nAlt-Svc: x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\n"
            + "Keep-Alive: 3\r\nServer: raw\r\nContent-Language: de\r\n\r\nok"));
        await using var app = await StartAsync(way, server.Port);
        await using var client = await RawClient.ConnectAsync(app.Port);

        var answer = await client.AskAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 299 So So\r\n", answer.Head, StringComparison.Ordinal);
        Assert.Equal("ok", answer.Text);
        Assert.Equal(["1", "2"], answer.All("X-Twice"));
        Assert.Equal(["a=1", "b=2"], answer.All("Set-Cookie"));
        Assert.Equal("x", answer.Header("Alt-Svc"));
        Assert.Equal("raw", answer.Header("Server"));
        Assert.Equal("de", answer.Header("Content-Language"));
        Assert.Empty(answer.All("X-Hop"));
        Assert.Empty(answer.All("Keep-Alive"));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Trace_ActivityOfTheProxyReplacesTheClients(string way)
    {
        await using var server = new RawServer();
        await using var app = await StartAsync(way, server.Port, around: async (context, next) =>
        {
            using var activity = new System.Diagnostics.Activity("ours");
            activity.SetIdFormat(System.Diagnostics.ActivityIdFormat.W3C);
            activity.TraceStateString = "ours=1";
            activity.Start();
            context.Response.Headers["X-Trace"] = activity.TraceId.ToHexString();
            await next(context);
        });
        await using var client = await RawClient.ConnectAsync(app.Port);

        var answer = await client.AskAsync(
            "GET / HTTP/1.1\r\nHost: a\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: theirs=1\r\n\r\n");

        var got = Assert.Single(server.Requests);
        Assert.Contains(answer.Header("X-Trace")!, got.Header("traceparent"), StringComparison.Ordinal);
        Assert.Equal("ours=1", got.Header("tracestate"));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task WebSocket_EchoesThroughIt(string way)
    {
        await using var server = new RawServer(Ws.EchoAsync);
        await using var app = await StartAsync(way, server.Port);
        await using var client = await RawClient.ConnectAsync(app.Port);

        await client.SendAsync(Ws.Handshake("/ws"));
        Assert.StartsWith("HTTP/1.1 101 ", await client.Wire.ReadHeadAsync(), StringComparison.Ordinal);
        await client.Wire.SendAsync(Ws.Frame(Ws.Text, "hello", masked: true));

        Assert.Equal("hello", (await client.Wire.ReadFrameAsync()).Text);
    }

    private static Task<ProxyApp> StartAsync(
        string way, int port, string path = "/", Func<Microsoft.AspNetCore.Http.HttpContext, Microsoft.AspNetCore.Http.RequestDelegate, Task>? around = null) =>
        ProxyApp.StartAsync((way == "direct by messages" ? ExactAndMore : Exact) with
        {
            IsDirect = way != "yarp",
            Destinations = [$"http://127.0.0.1:{port}{path}"],
            Around = around,
        });
}
