using System.Net;
using System.Net.WebSockets;
using System.Text;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Hosting;

/// <summary>HTTP/2 without TLS, on the same port.</summary>
public sealed class Http2Tests
{
    [Fact]
    public async Task Http2_ExtendedConnect_BecomesAnUpgradeAndEchoes()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(Ws.Accept(request).Replace("Sec-WebSocket-Extensions: permessage-deflate\r\n", "", StringComparison.Ordinal));
            while (true)
            {
                var frame = await wire.ReadFrameAsync();
                await wire.SendAsync(Ws.Frame(frame.Opcode, frame.Payload, masked: false));
            }
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{gateway.Port}{SocketIo.Target}"), invoker, CancellationToken.None);

        await socket.SendAsync(Encoding.UTF8.GetBytes("hello"), WebSocketMessageType.Text, true, CancellationToken.None);
        var buffer = new byte[100];
        var echo = await socket.ReceiveAsync(buffer, CancellationToken.None);

        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, echo.Count));
        Assert.Equal("GET", node.Requests.Single().Method);
        Assert.Equal("websocket", node.Requests.Single().Header("Upgrade"));
        gateway.Tables.Moving(GatewayUnderTest.Bucket, node.Record).Publish();
        var close = await socket.ReceiveAsync(buffer, CancellationToken.None);
        Assert.Equal(WebSocketMessageType.Close, close.MessageType);
        Assert.Equal(1012, (int)socket.CloseStatus!);
    }

    /// <summary>RFC 8441 section 5: any success would open the tunnel.</summary>
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n")]
    public async Task Http2_ExtendedConnect_NodeDoesNotSwitch_502(string answer)
    {
        var log = new CapturedLog();
        await using var node = new FakeNode((_, wire) => wire.SendAsync(answer));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce, log: log);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());

        await Assert.ThrowsAsync<WebSocketException>(
            () => socket.ConnectAsync(new Uri($"ws://127.0.0.1:{gateway.Port}{SocketIo.Target}"), invoker, CancellationToken.None));

        Assert.Equal(HttpStatusCode.BadGateway, socket.HttpStatusCode);
        Assert.Empty(log.Faults);
    }

    [Theory]
    [InlineData("Content-Length: 0\r\n")]
    [InlineData("Content-Length: 5\r\n")]
    public async Task Http2_ExtendedConnect_NodeSwitchesWithALength_ClientGetsNone(string length)
    {
        var log = new CapturedLog();
        await using var node = new FakeNode(async (request, wire) =>
        {
            var accept = Ws.Accept(request).Replace("Sec-WebSocket-Extensions: permessage-deflate\r\n", "", StringComparison.Ordinal);
            await wire.SendAsync(accept.Insert(accept.IndexOf("\r\n", StringComparison.Ordinal) + 2, length));
            await wire.ReadToEndAsync();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce, log: log);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());

        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{gateway.Port}{SocketIo.Target}"), invoker, CancellationToken.None);

        Assert.Equal(WebSocketState.Open, socket.State);
        Assert.DoesNotContain("Content-Length", socket.HttpResponseHeaders!.Keys, StringComparer.OrdinalIgnoreCase);
        Assert.Empty(log.Faults);
    }

    [Fact]
    public async Task Http2_PlainRequests_ServedOnTheSamePort()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            var body = await request.ReadBodyAsync(wire);
            await wire.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{Encoding.Latin1.GetString(body)}");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        using var http = new HttpClient { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            using var response = await http.PostAsync(new Uri($"http://127.0.0.1:{gateway.Port}{GatewayUnderTest.Path}"), new StringContent($"n{i}"));
            Assert.Equal(HttpVersion.Version20, response.Version);
            return await response.Content.ReadAsStringAsync();
        }));

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"n{i}"), answers);
        Assert.All(node.Requests, r => Assert.Equal($"127.0.0.1:{gateway.Port}", r.Header("Host")));
        Assert.All(node.Requests, r => Assert.Equal("http", r.Header("X-Forwarded-Proto")));
    }
}
