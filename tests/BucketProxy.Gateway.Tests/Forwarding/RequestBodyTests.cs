using System.Text;
using BucketProxy.Gateway.Tests.Support;

namespace BucketProxy.Gateway.Tests.Forwarding;

/// <summary>Bodies of requests: how they reach the node, and how large they may be.</summary>
public sealed class RequestBodyTests
{
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
            await wire.SendAsync(FakeNode.Empty);
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
            await wire.SendAsync(FakeNode.Empty);
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
            await wire.SendAsync(FakeNode.Empty);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { MaxBodyBytes = 1000 });

        var response = await gateway.AskAsync(
            $"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n{new string('a', 2000)}\r\n0\r\n\r\n");

        Assert.Equal(413, response.Status);
        Assert.Equal("close", response.Header("Connection"));
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
            await wire.SendAsync(FakeNode.Empty);
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
}
