using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transforms;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Transforms;

namespace BucketProxy.Forwarder.Tests.Forwarding;

/// <summary>Clients of HTTP/2; destinations of HTTP/1.1 all the same.</summary>
public sealed partial class Http2ClientTests
{
    public static TheoryData<string> Kinds => ["default", "exact", "custom"];

    [Fact]
    public async Task Default_SameBytesAsYarp()
    {
        var theirs = await SendAsync(isDirect: false);
        Assert.Equal(theirs, await SendAsync(isDirect: true));
        Assert.Contains("Cookie: a=1; b=2", theirs, StringComparison.Ordinal);
        Assert.Contains("TE: trailers", theirs, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task WebSocket_BecomesOneOfHttp11(string kind)
    {
        await using var server = new RawServer(Ws.EchoAsync);
        await using var app = await StartAsync(kind, server.Port);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());

        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{app.Port}/ws"), invoker, CancellationToken.None).Within();
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        var into = new byte[100];
        var received = await socket.ReceiveAsync(into, CancellationToken.None).Within();

        Assert.Equal("hello", Encoding.ASCII.GetString(into, 0, received.Count));
        var got = Assert.Single(server.Requests);
        Assert.Equal("GET /ws HTTP/1.1", got.Line);
        Assert.Equal(24, got.Header("Sec-WebSocket-Key")!.Length);
    }

    [Fact]
    public async Task WebSocket_SameBytesAsYarp()
    {
        Assert.Equal(await HandshakeAsync(isDirect: false), await HandshakeAsync(isDirect: true));

        static async Task<string> HandshakeAsync(bool isDirect)
        {
            await using var server = new RawServer(Ws.EchoAsync);
            await using var app = await ProxyApp.StartAsync(server.Port, new ProxySetup { IsDirect = isDirect, IsHttp2 = true });
            using var socket = new ClientWebSocket();
            socket.Options.HttpVersion = HttpVersion.Version20;
            socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
            await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{app.Port}/ws"), invoker, CancellationToken.None).Within();
            return Key().Replace(Assert.Single(server.Requests).Head, "KEY")
                .Replace($":{server.Port}", ":PORT", StringComparison.Ordinal)
                .Replace($":{app.Port}", ":PROXY", StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task WebSocket_DestinationAcceptsAnotherKey_502(string kind)
    {
        await using var server = new RawServer(static (_, wire) => wire.SendAsync(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n\r\n"));
        await using var app = await StartAsync(kind, server.Port);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());

        await Assert.ThrowsAsync<WebSocketException>(
            () => socket.ConnectAsync(new Uri($"ws://127.0.0.1:{app.Port}/ws"), invoker, CancellationToken.None).Within());

        Assert.Equal(HttpStatusCode.BadGateway, socket.HttpStatusCode);
        await Patience.UntilAsync(() => server.OpenConnections == 0, "the destination's connection is closed");
    }

    private static Task<ProxyApp> StartAsync(string kind, int port) => ProxyApp.StartAsync(port, new ProxySetup
    {
        IsHttp2 = true,
        Proxy = kind switch
        {
            "exact" => static p => p.AddTransforms(static c => c.AddExactForwarding()),
            "custom" => static p => p.AddTransforms(static c => c.AddResponseTransform(static _ => ValueTask.CompletedTask)),
            _ => null,
        },
    });

    private static async Task<string> SendAsync(bool isDirect)
    {
        await using var server = new RawServer(static async (got, wire) =>
        {
            await got.ReadBodyAsync(wire);
            await wire.SendAsync(RawServer.Ok);
        });
        await using var app = await ProxyApp.StartAsync(server.Port, new ProxySetup { IsDirect = isDirect, IsHttp2 = true });
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        using var get = Request(HttpMethod.Get, app.Port, null);
        get.Headers.TryAddWithoutValidation("Cookie", ["a=1", "b=2"]);
        get.Headers.TryAddWithoutValidation("TE", "trailers");
        get.Headers.TryAddWithoutValidation("Accept", ["a/b", "c/d"]);
        using var first = await client.SendAsync(get);
        using var post = Request(HttpMethod.Post, app.Port, new StringContent("abc"));
        using var second = await client.SendAsync(post);
        using var unknown = new StreamContent(new Unseekable("abcd"u8.ToArray()));
        using var put = Request(HttpMethod.Put, app.Port, unknown);
        using var third = await client.SendAsync(put);
        Assert.All(new[] { first, second, third }, r => Assert.Equal(HttpStatusCode.OK, r.StatusCode));
        return string.Concat(server.Requests.Select(r => r.Head))
            .Replace($":{server.Port}", ":PORT", StringComparison.Ordinal)
            .Replace($":{app.Port}", ":PROXY", StringComparison.Ordinal);
    }

    private static HttpRequestMessage Request(HttpMethod method, int port, HttpContent? content) => new(method, $"http://127.0.0.1:{port}/a?b=1")
    {
        Content = content,
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    [GeneratedRegex("(?<=Sec-WebSocket-Key: ).*?(?=\r)")]
    private static partial Regex Key();

    private sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
