using System.Text;
using BucketProxy.Forwarder.Tests.Http1;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transforms;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Transforms;

namespace BucketProxy.Forwarder.Tests.Forwarding;

/// <summary>What destinations may answer, seen from a client.</summary>
public sealed class MisbehaviourTests
{
    private static readonly ProxySetup Exact = new() { Proxy = static p => p.AddTransforms(static c => c.AddExactForwarding()) };

    [Theory]
    [MemberData(nameof(AnswerParsingTests.Malformed), MemberType = typeof(AnswerParsingTests))]
    public async Task Answer_OfTwoReadings_ClientGetsNoneOfItAndTheConnectionIsNotUsedAgain(string shape, string answer)
    {
        await using var server = new RawServer(async (_, wire) =>
        {
            await wire.SendAsync(answer);
            await wire.ReadToEndAsync();
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        await using var client = await app.ClientAsync();

        await client.SendAsync(ProxyApp.Get("/a/"));
        var all = Encoding.Latin1.GetString(await client.Wire.ReadSomeAnswerAsync());

        // Refused in its head: 502. Refused in its body, when a 200 had gone out: cut, without an end.
        Assert.True(all.StartsWith("HTTP/1.1 502", StringComparison.Ordinal) || !all.EndsWith("0\r\n\r\n", StringComparison.Ordinal), $"{shape}: {all}");
        await Patience.UntilAsync(() => app.UnderWay == 0 && server.OpenConnections == 0, $"{shape}: the connection is closed");
        Assert.Single(server.Requests);
    }

    /// <summary>Whatever the transforms are; the server would throw at each of these.</summary>
    [Theory]
    [InlineData("exact", "204 No Content", "Content-Length: 5\r\n\r\n", 204)]
    [InlineData("default", "204 No Content", "Content-Length: 5\r\n\r\n", 204)]
    [InlineData("custom", "204 No Content", "Content-Length: 5\r\n\r\n", 204)]
    [InlineData("exact", "205 Reset Content", "Content-Length: 5\r\n\r\nabcde", 502)]
    [InlineData("default", "205 Reset Content", "Content-Length: 5\r\n\r\nabcde", 502)]
    [InlineData("custom", "205 Reset Content", "Content-Length: 5\r\n\r\nabcde", 502)]
    [InlineData("exact", "205 Reset Content", "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", 502)]
    [InlineData("default", "205 Reset Content", "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", 502)]
    [InlineData("custom", "205 Reset Content", "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", 502)]
    [InlineData("default", "205 Reset Content", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 205)]
    [InlineData("custom", "205 Reset Content", "Content-Length: 0\r\n\r\n", 205)]
    public async Task Status_RulesOutContent_LengthIsDroppedAndContentIs502(string transforms, string line, string rest, int status)
    {
        await using var server = new RawServer((_, wire) => wire.SendAsync($"HTTP/1.1 {line}\r\n{rest}"));
        await using var app = await ProxyApp.StartAsync(server.Port, transforms switch
        {
            "exact" => Exact,
            "default" => new ProxySetup(),
            _ => new ProxySetup { Proxy = static p => p.AddTransforms(static c => c.AddResponseHeader("X-Added", "1")) },
        });
        await using var client = await app.ClientAsync();

        for (var again = 0; again < 2; again++)
        {
            var response = await client.AskAsync(ProxyApp.Get("/a/"));
            Assert.Equal(status, response.Status);
            if (status == 204)
                Assert.Null(response.Header("Content-Length"));
        }
    }

    [Fact]
    public async Task Interim_Answers_AreSkippedAndTheLastOneCounts()
    {
        await using var server = new RawServer(async (request, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 1");
            await wire.SendAsync("02 Processing\r\n\r\n" + RawServer.Ok);
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);

        var response = await app.AskAsync(ProxyApp.Get("/a/"));

        Assert.Equal(200, response.Status);
        Assert.Null(response.Header("Link"));
        Assert.Equal("ok", response.Text);
    }

    [Fact]
    public async Task Interim_WithoutEnd_502()
    {
        await using var server = new RawServer((_, wire) => wire.SendAsync(string.Concat(Enumerable.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 17)) + RawServer.Ok));
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);

        Assert.Equal(502, (await app.AskAsync(ProxyApp.Get("/a/"))).Status);
    }

    [Fact]
    public async Task SwitchedProtocols_Unasked_502()
    {
        await using var server = new RawServer((_, wire) => wire.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"));
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);

        Assert.Equal(502, (await app.AskAsync(ProxyApp.Get("/a/"))).Status);
        await Patience.UntilAsync(() => server.OpenConnections == 0, "the connection is closed");
    }

    [Fact]
    public async Task Body_WithoutLength_EndsWithTheConnection()
    {
        await using var server = new RawServer(async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.0 200 OK\r\n\r\nabc");
            await wire.SendAsync(new byte[100_000]);
            wire.Stream.Close();
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);

        var response = await app.AskAsync(ProxyApp.Get("/a/"));

        Assert.Equal(100_003, response.Body.Length);
        Assert.Equal("chunked", response.Header("Transfer-Encoding"));
    }

    [Fact]
    public async Task Head_LongerThanTheFirstBuffer_ReadCompletely()
    {
        var cookie = new string('c', 20_000);
        await using var server = new RawServer((_, wire) => wire.SendAsync(
            $"HTTP/1.1 200 OK\r\nSet-Cookie: {cookie}\r\nContent-Length: 2\r\n\r\nok"));
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        await using var client = await app.ClientAsync();

        for (var i = 0; i < 3; i++)
        {
            var response = await client.AskAsync(ProxyApp.Get("/a/"));
            Assert.Equal(cookie, response.Header("Set-Cookie"));
            Assert.Equal("ok", response.Text);
        }
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task Head_Endless_502()
    {
        await using var server = new RawServer((_, wire) => wire.SendAsync("HTTP/1.1 200 OK\r\nX: " + new string('x', 70_000)));
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);

        Assert.Equal(502, (await app.AskAsync(ProxyApp.Get("/a/"))).Status);
    }

    [Fact]
    public async Task EarlyAnswer_WhileTheBodyIsStillSent_ReachesTheClientAtOnce()
    {
        await using var server = new RawServer(async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
            await wire.ReadToEndAsync();
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        await using var client = await app.ClientAsync();

        // The rest of the body never comes.
        await client.SendAsync($"POST /a/ HTTP/1.1\r\nHost: p\r\nContent-Length: 1000\r\n\r\nabc");
        var response = await client.ReadResponseAsync();

        Assert.Equal(403, response.Status);
        Assert.Equal("no", response.Text);
        // The destination waits for a body that will not come: that connection is of no more use.
        await Patience.UntilAsync(() => app.UnderWay == 0 && server.OpenConnections == 0, "nothing is in flight");
    }

    [Fact]
    public async Task Body_ComesLate_HeadReachesTheDestinationBefore()
    {
        var arrived = new TaskCompletionSource();
        await using var server = new RawServer(async (request, wire) =>
        {
            arrived.SetResult();
            Assert.Equal(3, (await request.ReadBodyAsync(wire)).Length);
            await wire.SendAsync(RawServer.Ok);
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        await using var client = await app.ClientAsync();

        await client.SendAsync($"POST /a/ HTTP/1.1\r\nHost: p\r\nContent-Length: 3\r\n\r\n");
        await arrived.Task.Within();
        await client.SendAsync("abc");

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Destination_Resets_502OrABrokenAnswer(bool inTheBody)
    {
        await using var server = new RawServer(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            if (inTheBody)
                await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
            ((System.Net.Sockets.NetworkStream)wire.Stream).Socket.LingerState = new(true, 0);
            wire.Stream.Close();
        });
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        await using var client = await app.ClientAsync();

        await client.SendAsync(ProxyApp.Send("POST", "/a/", "{}"));
        var all = Encoding.Latin1.GetString(await client.Wire.ReadSomeAnswerAsync());

        Assert.True(all.StartsWith("HTTP/1.1 502", StringComparison.Ordinal) || (inTheBody && all.Length < 150), all);
        await Patience.UntilAsync(() => app.UnderWay == 0, "nothing is in flight");
        Assert.Single(server.Requests);
    }
}
