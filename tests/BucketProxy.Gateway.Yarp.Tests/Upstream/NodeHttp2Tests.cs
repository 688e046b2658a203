using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace BucketProxy.Gateway.Tests.Upstream;

/// <summary>Nodes that speak HTTP/2 with prior knowledge, and nothing else.</summary>
public sealed class NodeHttp2Tests
{
    private static readonly GatewayOptions Http2 = SocketIo.AtOnce with { NodeHttpVersion = HttpVersion.Version20 };

    [Theory]
    [InlineData("GET", null)]
    [InlineData("HEAD", null)]
    [InlineData("DELETE", null)]
    [InlineData("POST", "")]
    [InlineData("POST", "hello")]
    [InlineData("PUT", "hello")]
    public async Task Request_ReachesTheNodeOnceByHttp2(string method, string? body)
    {
        await using var node = await Node.StartAsync();
        await using var gateway = await StartAsync(node.Record);

        var target = GatewayUnderTest.Path + "?a=%2F&b=%7E";
        await using var client = await gateway.ClientAsync();
        var response = await client.AskAsync(body is null
            ? $"{method} {target} HTTP/1.1\r\nHost: proxy.example\r\nX-Name: caf\u00e9\r\n\r\n"
            : GatewayUnderTest.Send(method, target, body, "X-Name: caf\u00e9\r\n"));

        Assert.Equal(200, response.Status);
        Assert.Equal(method == "HEAD" ? "" : $"<{body}>", response.Text);
        Assert.Equal(new Seen("HTTP/2", method, target, "proxy.example", "caf\u00e9", "127.0.0.1"), Assert.Single(node.Requests));
    }

    [Fact]
    public async Task Requests_ManyAtOnce_ShareAConnection()
    {
        const int Requests = 20;
        await using var node = await Node.StartAsync();
        await using var gateway = await StartAsync(node.Record);
        await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        var answers = await Task.WhenAll(Enumerable.Range(0, Requests).Select(i => gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, $"n{i}"))));

        Assert.Equal(Enumerable.Range(0, Requests).Select(i => $"<n{i}>"), answers.Select(a => a.Text));
        Assert.Single(node.Connections.Distinct());
    }

    [Fact]
    public async Task Trailers_ToAClientOfHttp2_Pass()
    {
        await using var node = await Node.StartAsync();
        await using var gateway = await StartAsync(node.Record);
        using var http = new HttpClient { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{gateway.Port}{GatewayUnderTest.Path}trailers"));

        Assert.Equal("<>", await response.Content.ReadAsStringAsync());
        Assert.Equal("42", Assert.Single(response.TrailingHeaders.GetValues("X-Sum")));
    }

    [Fact]
    public async Task WebSocket_ByExtendedConnect_EchoesAndAMoveClosesIt()
    {
        await using var node = await Node.StartAsync();
        await using var gateway = await StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(Ws.Handshake(SocketIo.Target));
        var handshake = await client.ReadResponseAsync();
        Assert.Equal(101, handshake.Status);
        Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", handshake.Header("Sec-WebSocket-Accept"));
        Assert.Equal("CONNECT", Assert.Single(node.Requests).Method);
        await client.Wire.SendAsync(Ws.Frame(Ws.Text, "hi", masked: true));
        Assert.Equal("hi", (await client.Wire.ReadFrameAsync()).Text);
        gateway.Tables.Moving(GatewayUnderTest.Bucket, node.Record).Publish();
        await gateway.Traffic.WhenSilentAsync(GatewayUnderTest.Bucket, null).Within();

        Assert.Equal(1012, await SocketIo.CloseCodeAsync(client));
        await GatewayUnderTest.UntilAsync(() => node.Ended.Contains("1012"), "the node was told why");
    }

    [Fact]
    public async Task Client_LeavesDuringAPost_NodeEndsItsWork()
    {
        await using var node = await Node.StartAsync();
        await using var gateway = await StartAsync(node.Record);
        var client = await gateway.ClientAsync();
        await client.SendAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path + "slow", "{}"));
        await node.SlowBegan.Task.Within();

        client.Reset();
        gateway.Tables.Moving(GatewayUnderTest.Bucket, node.Record).Publish();
        var silent = gateway.Traffic.WhenSilentAsync(GatewayUnderTest.Bucket, null);
        Assert.False(silent.IsCompleted);
        node.SlowGoesOn.SetResult();
        await silent.Within();

        Assert.Equal(["end"], node.Ended);
    }

    [Fact]
    public async Task Node_IsNotThere_HeldThenServedElsewhere()
    {
        await using var node = await Node.StartAsync("dtable-server-02");
        await using var gateway = await StartAsync(new NodeRecord { Id = "dtable-server-01", LocalUrl = new Uri("http://127.0.0.1:1"), LocalUrlText = "http://127.0.0.1:1" });

        var ask = gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "hello"));
        await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 1, "it is held");
        gateway.Tables.OpenAll(node.Record).Publish();

        Assert.Equal("<hello>", (await ask).Text);
        Assert.Single(node.Requests);
    }

    [Fact]
    public async Task CutAll_RequestInFlight_IsEnded()
    {
        await using var node = await Node.StartAsync();
        await using var gateway = await StartAsync(node.Record);
        var ask = gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path + "slow", "{}"));
        await node.SlowBegan.Task.Within();

        gateway.Host.CutAll();

        Assert.Equal(502, (await ask).Status);
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0, "nothing is in flight");
        node.SlowGoesOn.SetResult();
    }

    [Fact]
    public async Task Node_SpeaksHttp11Only_502AndTheRequestDoesNotReachIt()
    {
        await using var node = new FakeNode();
        await using var gateway = await StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));

        Assert.Equal(502, response.Status);
        Assert.DoesNotContain(node.Requests, r => r.Method == "POST");
    }

    private static Task<GatewayUnderTest> StartAsync(NodeRecord owner) => GatewayUnderTest.StartAsync(owner, Http2, forwarder: ForwarderKind.Yarp);

    private sealed record Seen(string Protocol, string Method, string Target, string Host, string Name, string ForwardedFor);

    private sealed class Node : IAsyncDisposable
    {
        private readonly WebApplication _app;

        private Node()
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore();
            builder.WebHost.ConfigureKestrel(static server =>
            {
                server.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
                server.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
            });
            builder.Services.AddLogging();
            _app = builder.Build();
            _app.UseWebSockets();
            _app.Run(AnswerAsync);
        }

        public ConcurrentQueue<Seen> Requests { get; } = new();

        public ConcurrentQueue<string> Connections { get; } = new();

        public ConcurrentQueue<string> Ended { get; } = new();

        public TaskCompletionSource SlowBegan { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource SlowGoesOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public NodeRecord Record { get; private set; } = null!;

        public static async Task<Node> StartAsync(string id = "dtable-server-01")
        {
            var node = new Node();
            await node._app.StartAsync();
            var url = node._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
            node.Record = new NodeRecord { Id = id, LocalUrl = new Uri(url), LocalUrlText = url };
            return node;
        }

        public async ValueTask DisposeAsync()
        {
            SlowGoesOn.TrySetResult();
            await _app.DisposeAsync();
        }

        private async Task AnswerAsync(HttpContext context)
        {
            var request = context.Request;
            Connections.Enqueue(context.Connection.Id);
            Requests.Enqueue(new Seen(
                request.Protocol, request.Method, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
                request.Host.Value!, request.Headers["X-Name"].ToString(), request.Headers["X-Forwarded-For"].ToString()));
            if (context.WebSockets.IsWebSocketRequest)
            {
                await EchoAsync(await context.WebSockets.AcceptWebSocketAsync());
                return;
            }
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            if (request.Path.Value!.EndsWith("slow", StringComparison.Ordinal))
            {
                SlowBegan.SetResult();
                await SlowGoesOn.Task;
                Ended.Enqueue(context.RequestAborted.IsCancellationRequested ? "cut" : "end");
            }
            if (request.Path.Value.EndsWith("trailers", StringComparison.Ordinal))
                context.Response.AppendTrailer("X-Sum", "42");
            if (request.Method != "HEAD")
                await context.Response.WriteAsync($"<{Encoding.Latin1.GetString(body.ToArray())}>");
        }

        private async Task EchoAsync(WebSocket socket)
        {
            var buffer = new byte[1024];
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer, CancellationToken.None);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    Ended.Enqueue(((int)socket.CloseStatus!).ToString(System.Globalization.CultureInfo.InvariantCulture));
                    await socket.CloseOutputAsync(socket.CloseStatus!.Value, null, CancellationToken.None);
                    return;
                }
                await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
            }
        }
    }
}
