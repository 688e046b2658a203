using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transforms;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.DependencyInjection;

namespace BucketProxy.Forwarder.Tests.Forwarding;

/// <summary>When a destination's connection is used again, and what becomes of a request whose connection was closed.</summary>
public sealed class ConnectionReuseTests
{
    private static readonly ProxySetup Exact = new() { Proxy = static p => p.AddTransforms(static c => c.AddExactForwarding()) };

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")]
    public async Task Answer_ConnectionCannotBeTrustedAfterIt_NextRequestGoesOverAnother(string answer)
    {
        await using var server = new RawServer((request, wire) => wire.SendAsync(request.Target.EndsWith("first", StringComparison.Ordinal) ? answer : RawServer.Ok));
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        await using var client = await app.ClientAsync();

        var first = await client.AskAsync(ProxyApp.Get("/a/first"));
        var second = await client.AskAsync(ProxyApp.Get("/a/"));

        Assert.InRange(first.Status, 200, 204);
        Assert.Equal("ok", second.Text);
        Assert.Equal([1, 2], server.Requests.Select(r => r.Connection));
    }

    [Fact]
    public async Task Answer_SpokenUnasked_ConnectionIsNotUsedAgain()
    {
        var spoken = new TaskCompletionSource();
        await using var server = new RawServer(async (request, wire) =>
        {
            await wire.SendAsync(RawServer.Ok);
            if (request.Connection != 1)
                return;
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
            spoken.SetResult();
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);

        await app.AskAsync(ProxyApp.Get("/a/"));
        await spoken.Task.Within();
        await Patience.UntilAsync(() => server.OpenConnections == 0, "the connection is closed without being asked for");
        var second = await app.AskAsync(ProxyApp.Send("POST", "/a/", ""));

        Assert.Equal("ok", second.Text);
    }

    /// <summary>The loop is told of each part, maybe after all of them were received: that is no word spoken unasked.</summary>
    [Fact]
    public async Task Answers_ComeInParts_ConnectionIsUsedAgain()
    {
        const int Requests = 300;
        await using var server = new RawServer(async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n");
            for (var part = 0; part < 4; part++)
                await wire.SendAsync(new byte[10_000]);
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        await using var client = await app.ClientAsync();

        for (var request = 0; request < Requests; request++)
            Assert.Equal(40_000, (await client.AskAsync(ProxyApp.Get("/a/"))).Body.Length);

        Assert.Equal(Requests, server.Requests.Count);
        Assert.All(server.Requests, r => Assert.Equal(1, r.Connection));
    }

    [Fact]
    public async Task Answers_KeptConnection_IsUsedAgain()
    {
        await using var server = new RawServer(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            await wire.SendAsync(request.Target.EndsWith("chunked", StringComparison.Ordinal)
                ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
                : request.Method == "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : RawServer.Ok);
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        await using var client = await app.ClientAsync();

        await client.AskAsync(ProxyApp.Get("/a/"));
        await client.AskAsync(ProxyApp.Get("/a/chunked"));
        await client.AskAsync($"HEAD /a/ HTTP/1.1\r\nHost: p\r\n\r\n");
        await client.AskAsync(ProxyApp.Send("POST", "/a/", "{}"));
        await client.AskAsync($"POST /a/ HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        await client.AskAsync($"DELETE /a/ HTTP/1.1\r\nHost: p\r\n\r\n");

        Assert.Equal(6, server.Requests.Count);
        Assert.Equal(1, server.Connections);
    }

    // The exception: safe, without a body, and nothing of an answer came.
    [Theory]
    [InlineData("GET", 200)]
    [InlineData("HEAD", 200)]
    [InlineData("DELETE", 502)]
    public async Task Destination_ClosesAUsedConnectionOnTheNextRequest_OnlyWhatIsSafeGoesAgainOnce(string method, int status)
    {
        await using var server = new RawServer(async (request, wire) =>
        {
            if (request.Connection == 1 && request.Target.EndsWith("second", StringComparison.Ordinal))
                wire.Stream.Close();
            else
                await wire.SendAsync(request.Method == "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : RawServer.Ok);
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        await app.AskAsync(ProxyApp.Get("/a/"));

        var response = await app.AskAsync($"{method} /a/second HTTP/1.1\r\nHost: p\r\n\r\n");

        Assert.Equal(status, response.Status);
        Assert.Equal(status == 200 ? 2 : 1, server.Requests.Count(r => r.Target.EndsWith("second", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Destination_ClosesEveryConnection_AGetGoesTwiceAtMost()
    {
        await using var server = new RawServer(async (request, wire) =>
        {
            if (request.Target.EndsWith("bad", StringComparison.Ordinal))
                wire.Stream.Close();
            else
                await wire.SendAsync(RawServer.Ok);
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => app.AskAsync(ProxyApp.Get("/a/"))));

        var response = await app.AskAsync(ProxyApp.Get("/a/bad"));

        Assert.Equal(502, response.Status);
        Assert.Equal(2, server.Requests.Count(r => r.Target.EndsWith("bad", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Destination_BreaksOffInItsHeadOnAUsedConnection_AGetGoesOnce()
    {
        await using var server = new RawServer(async (request, wire) =>
        {
            await wire.SendAsync(request.Target.EndsWith("bad", StringComparison.Ordinal) ? "HTTP/1.1 200" : RawServer.Ok);
            if (request.Target.EndsWith("bad", StringComparison.Ordinal))
                wire.Stream.Close();
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        await app.AskAsync(ProxyApp.Get("/a/"));

        var response = await app.AskAsync(ProxyApp.Get("/a/bad"));

        Assert.Equal(502, response.Status);
        Assert.Single(server.Requests, r => r.Target.EndsWith("bad", StringComparison.Ordinal));
    }

    // The mutation: not asked whether the connection ended; then the POST is lost with it.
    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task Destination_ClosedAnIdleConnection_NextRequestGoesOverAnother(string method)
    {
        await using var server = new RawServer(async (request, wire) =>
        {
            await wire.SendAsync(RawServer.Ok);
            if (request.Connection == 1)
                throw new EndOfStreamException();
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        await app.AskAsync(ProxyApp.Get("/a/"));
        await Patience.UntilAsync(() => server.OpenConnections == 0, "the destination has closed");

        var response = await app.AskAsync(ProxyApp.Send(method, "/a/", ""));

        Assert.Equal("ok", response.Text);
        Assert.Equal(2, server.Requests.Count);
    }
}
