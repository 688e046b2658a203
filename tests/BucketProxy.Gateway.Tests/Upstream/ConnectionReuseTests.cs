using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Gateway.Tests.Upstream;

/// <summary>When a node's connection is used again, and what becomes of a request whose connection was closed (S4).</summary>
public sealed class ConnectionReuseTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")]
    public async Task Answer_ConnectionCannotBeTrustedAfterIt_NextRequestGoesOverAnother(string answer)
    {
        await using var node = new FakeNode((request, wire) => wire.SendAsync(request.Target.EndsWith("first", StringComparison.Ordinal) ? answer : FakeNode.Ok));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        var first = await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path + "first"));
        var second = await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        Assert.InRange(first.Status, 200, 204);
        Assert.Equal("ok", second.Text);
        // The runtime's client keeps the connection of a node that speaks HTTP/1.0, too, until that closes it.
        var isKept = GatewayUnderTest.Forwarder == ForwarderKind.Yarp && answer.StartsWith("HTTP/1.0", StringComparison.Ordinal);
        Assert.Equal([1, isKept ? 1 : 2], node.Requests.Select(r => r.Connection));
    }

    [Fact]
    public async Task Answer_SpokenUnasked_ConnectionIsNotUsedAgain()
    {
        var spoken = new TaskCompletionSource();
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(FakeNode.Ok);
            if (request.Connection != 1)
                return;
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
            spoken.SetResult();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await spoken.Task.Within();
        await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0, "the connection is closed without being asked for");
        var second = await gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, ""));

        Assert.Equal("ok", second.Text);
    }

    /// <summary>The loop is told of each part, maybe after all of them were received: that is no word spoken unasked.</summary>
    [Fact]
    public async Task Answers_ComeInParts_ConnectionIsUsedAgain()
    {
        const int Requests = 300;
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n");
            for (var part = 0; part < 4; part++)
                await wire.SendAsync(new byte[10_000]);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        for (var request = 0; request < Requests; request++)
            Assert.Equal(40_000, (await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Body.Length);

        Assert.Equal(Requests, node.Requests.Count);
        Assert.All(node.Requests, r => Assert.Equal(1, r.Connection));
    }

    [Fact]
    public async Task Answers_KeptConnection_IsUsedAgain()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            await wire.SendAsync(request.Target.EndsWith("chunked", StringComparison.Ordinal)
                ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
                : request.Method == "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : FakeNode.Ok);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path + "chunked"));
        await client.AskAsync($"HEAD {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\n\r\n");
        await client.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
        await client.AskAsync($"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        await client.AskAsync($"DELETE {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\n\r\n");

        Assert.Equal(6, node.Requests.Count);
        Assert.Equal(1, node.Connections);
    }

    // The exception in S4's rule: safe, without a body, and nothing of an answer came.
    [Theory]
    [InlineData("GET", 200)]
    [InlineData("HEAD", 200)]
    [InlineData("DELETE", 502)]
    public async Task Node_ClosesAUsedConnectionOnTheNextRequest_OnlyWhatIsSafeGoesAgainOnce(string method, int status)
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            if (request.Connection == 1 && request.Target.EndsWith("second", StringComparison.Ordinal))
                wire.Stream.Close();
            else
                await wire.SendAsync(request.Method == "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : FakeNode.Ok);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        var response = await gateway.AskAsync($"{method} {GatewayUnderTest.Path}second HTTP/1.1\r\nHost: p\r\n\r\n");

        Assert.Equal(status, response.Status);
        Assert.Equal(status == 200 ? 2 : 1, node.Requests.Count(r => r.Target.EndsWith("second", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Node_ClosesEveryConnection_AGetGoesTwiceAtMost_WithYarpFourTimes()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            if (request.Target.EndsWith("bad", StringComparison.Ordinal))
                wire.Stream.Close();
            else
                await wire.SendAsync(FakeNode.Ok);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))));

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path + "bad"));

        Assert.Equal(502, response.Status);
        // The runtime's client sends again three times. Safe as it is for a GET.
        var most = GatewayUnderTest.Forwarder == ForwarderKind.Yarp ? 4 : 2;
        Assert.Equal(most, node.Requests.Count(r => r.Target.EndsWith("bad", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Node_BreaksOffInItsHeadOnAUsedConnection_AGetGoesOnce()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(request.Target.EndsWith("bad", StringComparison.Ordinal) ? "HTTP/1.1 200" : FakeNode.Ok);
            if (request.Target.EndsWith("bad", StringComparison.Ordinal))
                wire.Stream.Close();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path + "bad"));

        Assert.Equal(502, response.Status);
        Assert.Single(node.Requests, r => r.Target.EndsWith("bad", StringComparison.Ordinal));
    }

    // The mutation: not asked whether the connection ended; then the POST is lost with it.
    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task Node_ClosedAnIdleConnection_NextRequestGoesOverAnother(string method)
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(FakeNode.Ok);
            if (request.Connection == 1)
                throw new EndOfStreamException();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0, "the node has closed");

        var response = await gateway.AskAsync(GatewayUnderTest.Send(method, GatewayUnderTest.Path, ""));

        Assert.Equal("ok", response.Text);
        Assert.Equal(2, node.Requests.Count);
    }
}
