using System.Net.Sockets;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Gateway.Tests.Forwarding;

/// <summary>Clients that go away before they have their answer: what ends with them, and what stays in flight (S2).</summary>
public sealed class ClientGoneTests
{
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
                await wire.SendAsync(FakeNode.Empty);
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
            await wire.SendAsync(FakeNode.Empty);
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
}
