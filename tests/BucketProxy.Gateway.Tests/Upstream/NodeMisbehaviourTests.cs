using System.Net.Sockets;
using System.Text;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Upstream;

/// <summary>What nodes may answer, seen from a client.</summary>
public sealed class NodeMisbehaviourTests
{
    public static TheoryData<string, string> Malformed
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var (shape, answer) in MalformedAnswers.All)
                all.Add(shape, answer);
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task Answer_OfTwoReadings_ClientGetsNoneOfItAndTheConnectionIsNotUsedAgain(string shape, string answer)
    {
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync(answer);
            // The runtime's client waits for more of some: that was all.
            if (GatewayUnderTest.Forwarder == ForwarderKind.Yarp)
                ((NetworkStream)wire.Stream).Socket.Shutdown(SocketShutdown.Send);
            await wire.ReadToEndAsync();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        if (GatewayUnderTest.Forwarder == ForwarderKind.Yarp)
        {
            Assert.Equal(YarpReads.Outcome(shape), await YarpReads.SeeAsync(client));
            await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0 && node.OpenConnections == 0, $"{shape}: the connection is closed");
            return;
        }
        var all = Encoding.Latin1.GetString(await client.Wire.ReadSomeAnswerAsync());

        // Refused in its head: 502. Refused in its body, when a 200 had gone out: cut, without an end.
        Assert.True(all.StartsWith("HTTP/1.1 502", StringComparison.Ordinal) || !all.EndsWith("0\r\n\r\n", StringComparison.Ordinal), $"{shape}: {all}");
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0 && node.OpenConnections == 0, $"{shape}: the connection is closed");
        Assert.Single(node.Requests);
    }

    [Fact]
    public async Task Interim_Answers_AreSkippedAndTheLastOneCounts()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 1");
            await wire.SendAsync("02 Processing\r\n\r\n" + FakeNode.Ok);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        Assert.Equal(200, response.Status);
        Assert.Null(response.Header("Link"));
        Assert.Equal("ok", response.Text);
    }

    [Fact]
    public async Task Interim_WithoutEnd_502_WithYarpTheLastOneCounts()
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync(string.Concat(Enumerable.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 17)) + FakeNode.Ok));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var expected = GatewayUnderTest.Forwarder == ForwarderKind.Yarp ? 200 : 502;
        Assert.Equal(expected, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);
    }

    [Fact]
    public async Task SwitchedProtocols_Unasked_502()
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        Assert.Equal(502, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);
        await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0, "the connection is closed");
    }

    [Fact]
    public async Task Body_WithoutLength_EndsWithTheConnection()
    {
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.0 200 OK\r\n\r\nabc");
            await wire.SendAsync(new byte[100_000]);
            wire.Stream.Close();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        Assert.Equal(100_003, response.Body.Length);
        Assert.Equal("chunked", response.Header("Transfer-Encoding"));
    }

    [Fact]
    public async Task Head_LongerThanTheFirstBuffer_ReadCompletely()
    {
        var cookie = new string('c', 20_000);
        await using var node = new FakeNode((_, wire) => wire.SendAsync(
            $"HTTP/1.1 200 OK\r\nSet-Cookie: {cookie}\r\nContent-Length: 2\r\n\r\nok"));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        for (var i = 0; i < 3; i++)
        {
            var response = await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
            Assert.Equal(cookie, response.Header("Set-Cookie"));
            Assert.Equal("ok", response.Text);
        }
        Assert.Equal(1, node.Connections);
    }

    [Fact]
    public async Task Head_Endless_502()
    {
        await using var node = new FakeNode((_, wire) => wire.SendAsync("HTTP/1.1 200 OK\r\nX: " + new string('x', 70_000)));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        Assert.Equal(502, (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);
    }

    [Fact]
    public async Task EarlyAnswer_WhileTheBodyIsStillSent_ReachesTheClientAtOnce_WithYarpAtItsEnd()
    {
        var answered = new TaskCompletionSource();
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
            answered.SetResult();
            await wire.ReadToEndAsync();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        // The rest of the body never comes.
        await client.SendAsync($"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nContent-Length: 1000\r\n\r\nabc");
        if (GatewayUnderTest.Forwarder == ForwarderKind.Yarp)
        {
            // The runtime's client listens only when it has sent the whole body. The answer waits until then, and is not lost.
            await answered.Task.Within();
            Assert.Equal(0, client.Socket.Available);
            await client.SendAsync(new string('d', 997));
            Assert.Equal(403, (await client.ReadResponseAsync()).Status);
            return;
        }
        var response = await client.ReadResponseAsync();

        Assert.Equal(403, response.Status);
        Assert.Equal("no", response.Text);
        // The node waits for a body that will not come: that connection is of no more use.
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0 && node.OpenConnections == 0, "nothing is in flight");
    }

    [Fact]
    public async Task Body_ComesLate_HeadReachesTheNodeBefore()
    {
        var arrived = new TaskCompletionSource();
        await using var node = new FakeNode(async (request, wire) =>
        {
            arrived.SetResult();
            Assert.Equal(3, (await request.ReadBodyAsync(wire)).Length);
            await wire.SendAsync(FakeNode.Ok);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        await client.SendAsync($"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nContent-Length: 3\r\n\r\n");
        await arrived.Task.Within();
        await client.SendAsync("abc");

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Node_Resets_502OrABrokenAnswer(bool inTheBody)
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            if (inTheBody)
                await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
            ((NetworkStream)wire.Stream).Socket.LingerState = new(true, 0);
            wire.Stream.Close();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
        var all = Encoding.Latin1.GetString(await client.Wire.ReadSomeAnswerAsync());

        Assert.True(all.StartsWith("HTTP/1.1 502", StringComparison.Ordinal) || (inTheBody && all.Length < 150), all);
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0, "nothing is in flight");
        Assert.Single(node.Requests);
    }
}
