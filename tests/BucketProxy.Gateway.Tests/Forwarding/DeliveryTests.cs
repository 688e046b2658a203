using System.Net;
using System.Text;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Tests.Support;

namespace BucketProxy.Gateway.Tests.Forwarding;

/// <summary>A request is sent once (S4), and what becomes of it when its node does not answer.</summary>
public sealed class DeliveryTests
{
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
                await wire.SendAsync(FakeNode.Empty);
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
                await wire.SendAsync(FakeNode.Empty);
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
                await wire.SendAsync(FakeNode.Empty);
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
