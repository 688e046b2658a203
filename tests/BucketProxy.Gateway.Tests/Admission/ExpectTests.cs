using System.Text;
using BucketProxy.Gateway.Tests.Support;

namespace BucketProxy.Gateway.Tests.Admission;

/// <summary>A body that cannot be sent again goes out when the gate asks for it, and not before.</summary>
public sealed class ExpectTests
{
    private const int Large = 50_000;
    private static readonly string Body = new('x', Large);
    private static readonly string Post = GatewayUnderTest.Send("POST", GatewayUnderTest.Path, Body);

    [Fact]
    public async Task FinalAnswerInPlaceOf100_IsTheClientsAndTheBodyStaysUnread()
    {
        var rest = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = new FakeNode(async (request, wire) =>
        {
            if (request.Method == "GET")
            {
                await wire.SendAsync(FakeNode.Ok);
                return;
            }
            await wire.SendAsync("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
            rest.SetResult(await wire.ReadToEndAsync());
        });
        await using var proxy = await GatewayUnderTest.StartAsync(FakeGate.RecordOf(node.Id, node.Port));

        var response = await proxy.AskAsync(Post);

        Assert.Equal((404, "no"), (response.Status, response.Text));
        // Nobody has read the client's body: where its next request would begin nobody knows.
        Assert.Equal("close", response.Header("Connection"));
        Assert.Equal("100-continue", node.Requests.Single().Header("Expect"));
        // Its connection is closed: the gate waits on it for what does not come, and would take the next request for it.
        Assert.Equal(200, (await proxy.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);
        Assert.Empty(await rest.Task.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    // S4. The mutation: a refusal is believed at any time; then the client's body, which is gone, is waited for again.
    [Fact]
    public async Task RefusedAfter100_502AndSentOnce()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await request.ReadBodyAsync(wire);
            await wire.SendAsync(FakeGate.Refusal(1));
        });
        await using var proxy = await GatewayUnderTest.StartAsync(FakeGate.RecordOf(node.Id, node.Port));

        Assert.Equal(502, (await proxy.AskAsync(Post)).Status);

        Assert.Single(node.Requests);
    }

    // S4. The mutation, with YARP's forwarder: heads are not counted; then the runtime's client sends this one again on its own.
    [Fact]
    public async Task GateDiesInPlaceOf100_502AndItsHeadReachesItOnce()
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            if (request.Method == "GET")
                await wire.SendAsync(FakeNode.Empty);
            else
                wire.Stream.Close();
        });
        await using var proxy = await GatewayUnderTest.StartAsync(FakeGate.RecordOf(node.Id, node.Port));
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => proxy.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))));

        Assert.Equal(502, (await proxy.AskAsync(Post)).Status);

        Assert.Single(node.Requests, r => r.Method == "POST");
    }

    // S4. The mutation, with YARP's forwarder: the runtime's limit of a second on the wait; then the body goes out unasked, and cannot be sent again.
    [Fact]
    public async Task GateHoldsForLongAndRefuses_TheBodyIsStillThere()
    {
        var body = "";
        await using var node = await GatedNode.StartAsync(async (request, wire) =>
        {
            body = Encoding.Latin1.GetString(await request.ReadBodyAsync(wire));
            await wire.SendAsync(FakeNode.Ok);
        });
        await using var proxy = await GatewayUnderTest.StartAsync(node.Registered);
        await using var client = await proxy.ClientAsync();
        node.Tables.Restarting(GatewayUnderTest.Bucket, node.Own()).Publish();

        await client.SendAsync(Post);
        await GatewayUnderTest.UntilAsync(() => node.Gate.Host.LongestHeld > TimeSpan.FromMilliseconds(1500), "the gate holds it for longer than that");
        node.Tables.Moving(GatewayUnderTest.Bucket, node.Own()).PublishAt(1000);
        await GatewayUnderTest.UntilAsync(() => proxy.Host.Held == 1, "it is refused, and waits for the gate's revision");
        node.Tables.Open(GatewayUnderTest.Bucket, node.Own()).PublishAt(1001);
        proxy.Tables.PublishAt(1001);

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Assert.Equal(Body, body);
        Assert.Single(node.Server.Requests);
    }

    [Fact]
    public async Task ClientsOwn_GoesToTheGateAndStopsThere()
    {
        await using var node = await GatedNode.StartAsync(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            await wire.SendAsync(FakeNode.Ok);
        });
        await using var proxy = await GatewayUnderTest.StartAsync(node.Registered);
        node.Tables.Moving(GatewayUnderTest.Bucket, node.Own()).PublishAt(1000);
        await using var client = await proxy.ClientAsync();

        await client.SendAsync($"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nContent-Length: {Large}\r\nExpect: 100-continue\r\n\r\n");
        await GatewayUnderTest.UntilAsync(() => proxy.Host.Held == 1, "it waits for the gate's revision");
        Assert.Equal(0, client.Socket.Available);
        node.Tables.Open(GatewayUnderTest.Bucket, node.Own()).PublishAt(1001);
        proxy.Tables.PublishAt(1001);
        Assert.Equal(100, (await client.ReadResponseAsync()).Status);
        await client.SendAsync(Body);

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Assert.Null(Assert.Single(node.Server.Requests).Header("Expect"));
    }

    [Fact]
    public async Task ClientLeavesInTheMiddleOfASmallBody_NobodySeesTheRest()
    {
        await using var gate = new FakeGate();
        await using var proxy = await GatewayUnderTest.StartAsync(gate.Record);

        await using (var client = await proxy.ClientAsync())
            await client.SendAsync($"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\nContent-Length: 10\r\n\r\nhalf");
        await GatewayUnderTest.UntilAsync(() => proxy.Traffic.PlainRequests == 0 && gate.Node.OpenConnections == 0, "nothing is in flight");

        Assert.Empty(gate.Bodies);
        Assert.Equal(200, (await proxy.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Status);
    }
}
