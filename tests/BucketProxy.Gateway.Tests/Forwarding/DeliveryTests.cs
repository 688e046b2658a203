using System.Net;
using System.Net.Sockets;
using System.Text;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Gateway.Tests.Forwarding;

public sealed class DeliveryTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    public async Task Body_WithLength_ReachesTheNode(string method)
    {
        var body = "";
        await using var node = new FakeNode(async (request, wire) =>
        {
            body = Encoding.Latin1.GetString(await request.ReadBodyAsync(wire));
            await wire.SendAsync(Ok);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Send(method, GatewayUnderTest.Path, "{\"rows\":[1]}"));

        Assert.Equal(200, response.Status);
        Assert.Equal("{\"rows\":[1]}", body);
        Assert.Equal("12", node.Requests.Single().Header("Content-Length"));
        Assert.Null(node.Requests.Single().Header("Transfer-Encoding"));
    }

    [Fact]
    public async Task Body_Chunked_ChunkedBothWays()
    {
        var body = "";
        await using var node = new FakeNode(async (request, wire) =>
        {
            body = Encoding.Latin1.GetString(await request.ReadBodyAsync(wire));
            await wire.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(
            $"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\n\r\n");

        Assert.Equal("abcde", body);
        Assert.Equal("chunked", node.Requests.Single().Header("Transfer-Encoding"));
        Assert.Equal("chunked", response.Header("Transfer-Encoding"));
        Assert.Equal("abc", response.Text);
    }

    [Fact]
    public async Task Expect_Continue_ComesBeforeTheBodyAndOnlyOneHeadReachesTheNode()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            await wire.SendAsync(Ok);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        await client.SendAsync($"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
        var interim = await client.ReadResponseAsync();
        await client.SendAsync("abc");
        var response = await client.ReadResponseAsync();

        Assert.Equal(100, interim.Status);
        Assert.Equal(200, response.Status);
        Assert.Null(node.Requests.Single().Header("Expect"));
    }

    [Theory]
    [InlineData("Content-Length: 2000\r\nExpect: 100-continue\r\n\r\n")]
    [InlineData("Content-Length: 2000\r\n\r\n")]
    public async Task Body_AnnouncedTooLarge_413AndNoNodeSeesIt(string rest)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { MaxBodyBytes = 1000 });

        var response = await gateway.AskAsync($"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\n{rest}");

        Assert.Equal(413, response.Status);
        Assert.Contains("error_msg", response.Text, StringComparison.Ordinal);
        Assert.Empty(node.Requests);
    }

    [Fact]
    public async Task Body_ChunkedGrowsTooLarge_413AndTheNodeNeverSeesAnEnd()
    {
        var completed = false;
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            completed = true;
            await wire.SendAsync(Ok);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { MaxBodyBytes = 1000 });

        var response = await gateway.AskAsync(
            $"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n{new string('a', 2000)}\r\n0\r\n\r\n");

        Assert.Equal(413, response.Status);
        Assert.False(completed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_TooLargeOnSocketIo_Never413(bool isChunked)
    {
        var length = 0;
        await using var node = new FakeNode(async (request, wire) =>
        {
            length = (await request.ReadBodyAsync(wire)).Length;
            await wire.SendAsync(Ok);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { MaxBodyBytes = 1000 });
        var target = $"/socket.io/?dtable_uuid={GatewayUnderTest.Uuid}&sid=x";
        var body = new string('a', 2000);

        var response = await gateway.AskAsync(isChunked
            ? $"POST {target} HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n{body}\r\n0\r\n\r\n"
            : GatewayUnderTest.Send("POST", target, body));

        Assert.Equal(200, response.Status);
        Assert.Equal(2000, length);
    }

    // S4. The mutation: any request goes again on a new connection; then a DELETE reaches the node twice.
    [Theory]
    [InlineData("DELETE", "")]
    [InlineData("DELETE", "{}")]
    [InlineData("POST", "")]
    [InlineData("PUT", "x")]
    [InlineData("OPTIONS", "")]
    public async Task Send_NodeDiesOnAPooledConnection_RequestReachesItOnce(string method, string body)
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            if (request.Method == "GET")
                await wire.SendAsync(Ok);
            else
                wire.Stream.Close();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        // Several idle connections in the pool: each would be tried in turn.
        var warm = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))));
        Assert.All(warm, r => Assert.Equal(200, r.Status));

        var response = await gateway.AskAsync(
            body.Length > 0 ? GatewayUnderTest.Send(method, GatewayUnderTest.Path, body) : $"{method} {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\n\r\n");

        Assert.Equal(502, response.Status);
        Assert.Contains("error_msg", response.Text, StringComparison.Ordinal);
        Assert.Single(node.Requests, r => r.Method == method);
    }

    // S4.
    [Fact]
    public async Task Send_NodeDiesBeforeTheExpectedBody_HeadReachesItOnce()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            if (request.Method == "GET")
                await wire.SendAsync(Ok);
            else
                wire.Stream.Close();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))));
        await using var client = await gateway.ClientAsync();

        await client.SendAsync($"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
        var first = await client.ReadResponseAsync();
        if (first.Status == 100)
        {
            await client.SendAsync("abc");
            first = await client.ReadResponseAsync();
        }

        Assert.Equal(502, first.Status);
        Assert.Single(node.Requests, r => r.Method == "POST");
    }

    [Fact]
    public async Task Send_OwnerRefuses_SentAgainOnceItListens()
    {
        int port;
        await using (var gone = new FakeNode())
            port = gone.Port;
        await using var gateway = await GatewayUnderTest.StartAsync(new() { Id = "dtable-server-01", LocalUrl = new Uri($"http://127.0.0.1:{port}"), LocalUrlText = $"http://127.0.0.1:{port}" });
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
        await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 1, "the refused request waits");
        await using var node = new FakeNode(
            async (request, wire) =>
            {
                await request.ReadBodyAsync(wire);
                await wire.SendAsync(Ok);
            }, port: port);
        var response = await client.ReadResponseAsync();

        Assert.Equal(200, response.Status);
        Assert.Equal("2", Assert.Single(node.Requests).Header("Content-Length"));
        Assert.Equal(0, gateway.Host.Held);
    }

    [Fact]
    public async Task Send_OwnerOutsideTheNetworks_NothingIsSentThere()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions
        {
            NodeNetworks = new NodeNetworks([IPNetwork.Parse("10.0.0.0/8")]),
            HoldTime = TimeSpan.FromSeconds(1),
        });

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        Assert.Equal(503, response.Status);
        Assert.Empty(node.Requests);
    }

    [Fact]
    public async Task Send_OwnerRefusesAndAnotherIsGranted_GoesToTheNewOwner()
    {
        int port;
        await using (var gone = new FakeNode())
            port = gone.Port;
        await using var next = new FakeNode(id: "dtable-server-02");
        await using var gateway = await GatewayUnderTest.StartAsync(new() { Id = "dtable-server-01", LocalUrl = new Uri($"http://127.0.0.1:{port}"), LocalUrlText = $"http://127.0.0.1:{port}" });
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 1, "the refused request waits");
        gateway.Tables.Open(GatewayUnderTest.Bucket, next.Record).Publish();

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Assert.Single(next.Requests);
    }

    // Step 5, S2. The mutation: the client's lifetime is not detached; then the node's work is cancelled and counted as ended.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ClientGone_WhileTheNodeWorksOnAPost_InFlightUntilTheNodeAnswered(bool reset)
    {
        var arrived = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        var connectionBroke = false;
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            arrived.SetResult();
            await answer.Task;
            try
            {
                await wire.SendAsync(Ok);
            }
            catch (IOException)
            {
                connectionBroke = true;
            }
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using (var client = await gateway.ClientAsync())
        {
            await client.SendAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
            await arrived.Task.Within();
            if (reset)
                client.Reset();
        }
        // A request that comes after the close shows that the proxy has had time to see it.
        await using (var other = await gateway.ClientAsync())
            Assert.Equal(404, (await other.AskAsync(GatewayUnderTest.Get("/x"))).Status);

        Assert.Equal(1, gateway.Traffic.PlainRequests);
        Assert.Equal(1, node.OpenConnections);
        answer.SetResult();
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0, "nothing is in flight");
        Assert.False(connectionBroke);
        Assert.Single(node.Requests);
    }

    [Fact]
    public async Task ClientGone_WhileTheNodeWorksOnAGet_TheNodesConnectionIsClosed()
    {
        var arrived = new TaskCompletionSource();
        await using var node = new FakeNode(async (_, wire) =>
        {
            arrived.SetResult();
            await wire.ReadByteAsync();
            throw new EndOfStreamException();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using (var client = await gateway.ClientAsync())
        {
            await client.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
            await arrived.Task.Within();
        }

        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0 && node.OpenConnections == 0, "nothing is in flight");
    }

    // S2: cancelling closes the connection; an answer that is not wanted is never drained.
    [Fact]
    public async Task ClientGone_InTheMiddleOfTheAnswer_TheNodesConnectionIsClosedNotDrained()
    {
        var ended = new TaskCompletionSource();
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab");
            await ended.Task;
            await wire.SendAsync("c");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { NodeKeepAlive = TimeSpan.FromHours(1) });
        await using (var client = await gateway.ClientAsync())
        {
            await client.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
            await client.Wire.ReadHeadAsync();
        }
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0, "nothing is in flight");
        ended.SetResult();

        // Drained, it would be kept for the next request.
        await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0, "the node's connection is closed");
    }

    // S2. The mutation: a flush that finds the client gone ends a POST too; then its node's connection is closed.
    [Fact]
    public async Task ClientGone_InTheMiddleOfAPostsAnswer_InFlightUntilTheNodeIsDone()
    {
        var begun = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n");
            begun.SetResult();
            await goOn.Task;
            for (var i = 0; i < 4; i++)
                await wire.SendAsync(new byte[100_000]);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { NodeKeepAlive = TimeSpan.FromHours(1) });
        await using (var client = await gateway.ClientAsync())
        {
            await client.SendAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
            await begun.Task.Within();
            client.Reset();
        }
        // A request that comes after the close shows that the proxy has had time to see it.
        await using (var other = await gateway.ClientAsync())
            Assert.Equal(404, (await other.AskAsync(GatewayUnderTest.Get("/x"))).Status);

        Assert.Equal(1, gateway.Traffic.PlainRequests);
        goOn.SetResult();
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0, "nothing is in flight");
        // Read to its end, it is kept.
        Assert.Equal(1, node.OpenConnections);
    }

    [Fact]
    public async Task ClientGone_InTheMiddleOfItsBody_TheNodesConnectionIsClosed()
    {
        var arrived = new TaskCompletionSource();
        await using var node = new FakeNode(async (request, wire) =>
        {
            arrived.SetResult();
            await request.ReadBodyAsync(wire);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using (var client = await gateway.ClientAsync())
        {
            await client.SendAsync($"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nContent-Length: 1000\r\n\r\nabc");
            await arrived.Task.Within();
        }

        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0 && node.OpenConnections == 0, "nothing is in flight");
        Assert.Single(node.Requests);
    }

    [Fact]
    public async Task ClientHalfCloses_AfterAPost_LeaksNothing()
    {
        var arrived = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            arrived.SetResult();
            await answer.Task;
            await wire.SendAsync(Ok);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
        await arrived.Task.Within();
        client.Socket.Shutdown(SocketShutdown.Send);
        answer.SetResult();
        await client.Wire.ReadToEndAsync();

        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0, "nothing is in flight");
    }

    [Fact]
    public async Task ClientHalfCloses_AfterAGet_LeaksNothing()
    {
        var arrived = new TaskCompletionSource();
        await using var node = new FakeNode(async (_, wire) =>
        {
            arrived.SetResult();
            await wire.ReadByteAsync();
            throw new EndOfStreamException();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await arrived.Task.Within();
        client.Socket.Shutdown(SocketShutdown.Send);

        // It counts as gone: its GET is cancelled.
        Assert.Empty(await client.Wire.ReadToEndAsync());
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0 && node.OpenConnections == 0, "nothing is in flight");
    }

    [Fact]
    public async Task Node_BreaksOffInItsAnswer_ClientSeesABrokenAnswerNotAShortOne()
    {
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
            wire.Stream.Close();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
        var all = Encoding.Latin1.GetString(await client.Wire.ReadToEndAsync());

        Assert.DoesNotContain("\r\n0\r\n", all, StringComparison.Ordinal);
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0, "nothing is in flight");
        Assert.Single(node.Requests);
    }

    [Theory]
    [InlineData("garbage\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")]
    [InlineData("")]
    public async Task Node_AnswersNoHttp_502(string answer)
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            await wire.SendAsync(answer);
            wire.Stream.Close();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));

        Assert.Equal(502, response.Status);
        Assert.StartsWith("{\"error_msg\":\"", response.Text, StringComparison.Ordinal);
        Assert.Single(node.Requests);
    }

    [Fact]
    public async Task Node_DoesNotAnswerInTime_504AndSentOnce()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            await wire.ReadByteAsync();
            throw new EndOfStreamException();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { IdleTimeout = TimeSpan.FromSeconds(1) });

        var response = await gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));

        Assert.Equal(504, response.Status);
        Assert.Single(node.Requests);
        await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0, "the node's connection is closed");
    }
}
