using BucketProxy.Gateway.Admission;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Admission;

/// <summary>What a gate makes of requests, by its table and its lease (G1).</summary>
public sealed class GateTests
{
    private static readonly string Plain = GatewayUnderTest.Get(GatewayUnderTest.Path);

    [Theory]
    [InlineData("")]
    [InlineData("BucketProxy-Table: 0000000000000001-1\r\n")]
    [InlineData("bucketproxy-table: what this version does not know\r\n")]
    public async Task Own_OpenAndLeaseValid_AdmittedAndTheServerSeesNoMark(string mark)
    {
        await using var node = await GatedNode.StartAsync();

        var response = await node.Gate.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path, mark));

        Assert.Equal(200, response.Status);
        Assert.Empty(node.Server.Requests.Single().All(TableMark.HeaderName));
    }

    // G1. The mutation: the lease is not asked.
    [Fact]
    public async Task Own_LeaseInvalid_MarkedIs421AndUnmarkedWaits()
    {
        await using var node = await GatedNode.StartAsync();
        node.IsLeaseValid = false;

        var marked = await node.Gate.AskAsync(Marked(1));
        await using var browser = await node.Gate.ClientAsync();
        await browser.SendAsync(Plain);
        await GatewayUnderTest.UntilAsync(() => node.Gate.Host.Held == 1, "the browser's request waits");

        Assert.Equal(421, marked.Status);
        Assert.Empty(node.Server.Requests);
        node.IsLeaseValid = true;
        node.Tables.Open(GatewayUnderTest.Bucket, node.Own()).Publish();
        Assert.Equal(200, (await browser.ReadResponseAsync()).Status);
        Assert.Single(node.Server.Requests);
    }

    // G1. The mutation: the lease is asked before the entry is entered; then whoever waits for silence behind the lease's end does not see the request.
    [Fact]
    public async Task Own_LeaseIsAsked_WhenTheRequestIsCounted()
    {
        Tables? tables = null;
        var counted = new List<int>();
        await using var node = await GatedNode.StartAsync(lease: () =>
        {
            counted.Add(tables!.Current.Table[GatewayUnderTest.Bucket].InFlight);
            return true;
        });
        tables = node.Tables;

        Assert.Equal(200, (await node.Gate.AskAsync(Plain)).Status);

        Assert.Equal([1], counted);
    }

    // What a monitor asks before it grants, and what people ask: the server, not the gate.
    [Fact]
    public async Task Ping_ServerDoesNotAnswer_Is503ThoughTheGateDoes()
    {
        await using var node = await GatedNode.StartAsync();
        var ping = GatewayUnderTest.Get("/ping/");

        Assert.Equal(200, (await node.Gate.AskAsync(ping)).Status);
        node.DoesServerAnswer = false;
        Assert.Equal(503, (await node.Gate.AskAsync(ping)).Status);
        node.DoesServerAnswer = true;
        Assert.Equal(200, (await node.Gate.AskAsync(ping)).Status);
    }

    [Fact]
    public async Task Others_Unmarked_ForwardedOnceWithTheGatesMark()
    {
        await using var node = await GatedNode.StartAsync();
        await using var other = await GatedNode.StartAsync(id: "dtable-server-02");
        node.Tables.Open(GatewayUnderTest.Bucket, other.Registered).Publish();

        var response = await node.Gate.AskAsync(Plain);

        Assert.Equal(200, response.Status);
        Assert.Empty(node.Server.Requests);
        Assert.Single(other.Server.Requests);
    }

    [Fact]
    public async Task Others_UnmarkedWebSocket_ForwardedToTheNextGate()
    {
        await using var node = await GatedNode.StartAsync();
        await using var other = await GatedNode.StartAsync(Ws.EchoAsync, "dtable-server-02");
        node.Tables.Open(GatewayUnderTest.Bucket, other.Registered).Publish();

        await using var client = await SocketIo.OpenAsync(node.Gate);
        await client.Wire.SendAsync(Ws.Frame(Ws.Text, "hello", masked: true));

        Assert.Equal("hello"u8.ToArray(), (await client.Wire.ReadFrameAsync()).Payload);
    }

    // The mutation: a marked request is forwarded as any; then two gates that each take the other for the owner pass it to and fro.
    [Theory]
    [InlineData(Tables.StoreId, 1)]
    [InlineData(7, long.MaxValue)]
    public async Task Others_Marked_421WithTheGatesRevision(ulong store, long revision)
    {
        await using var node = await GatedNode.StartAsync();
        await using var other = await GatedNode.StartAsync(id: "dtable-server-02");
        node.Tables.Open(GatewayUnderTest.Bucket, other.Registered).Publish();

        var response = await node.Gate.AskAsync(Marked(revision, store));

        Assert.Equal(421, response.Status);
        Assert.Equal(new TableMark(Tables.StoreId, node.Tables.Revision).ToString(), response.Header(TableMark.HeaderName));
        Assert.Empty(response.Body);
        Assert.Empty(other.Server.Requests);
    }

    [Fact]
    public async Task Others_SenderIsAheadAndTheBaseBecomesOwn_Admitted()
    {
        await using var node = await GatedNode.StartAsync();
        await using var other = await GatedNode.StartAsync(id: "dtable-server-02");
        node.Tables.Open(GatewayUnderTest.Bucket, other.Registered).PublishAt(1000);
        await using var client = await node.Gate.ClientAsync();

        await client.SendAsync(Marked(1010));
        await GatewayUnderTest.UntilAsync(() => node.Gate.Host.Held == 1, "it waits for the sender's revision");
        node.Tables.PublishAt(1009);
        node.Tables.Open(GatewayUnderTest.Bucket, node.Own()).PublishAt(1010);

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Assert.Single(node.Server.Requests);
        Assert.Equal(0, node.Gate.Host.Held);
    }

    // The mutation: no wait for the sender's revision; then 421 comes at once, with a revision that the sender is past already.
    [Fact]
    public async Task Others_SenderIsAheadAndTheBaseStaysAnothers_421OnceTheTableIsThere()
    {
        await using var node = await GatedNode.StartAsync();
        await using var other = await GatedNode.StartAsync(id: "dtable-server-02");
        node.Tables.Open(GatewayUnderTest.Bucket, other.Registered).PublishAt(1000);
        await using var client = await node.Gate.ClientAsync();

        await client.SendAsync(Marked(1010));
        await GatewayUnderTest.UntilAsync(() => node.Gate.Host.Held == 1, "it waits for the sender's revision");
        node.Tables.PublishAt(1011);
        var response = await client.ReadResponseAsync();

        Assert.Equal(421, response.Status);
        Assert.Equal(new TableMark(Tables.StoreId, 1011).ToString(), response.Header(TableMark.HeaderName));
    }

    [Fact]
    public async Task Others_SenderIsAheadForTheWholeHold_421()
    {
        await using var node = await GatedNode.StartAsync(options: new GatewayOptions { HoldTime = TimeSpan.FromMilliseconds(50) });
        node.Tables.Moving(GatewayUnderTest.Bucket, node.Own()).Publish();

        Assert.Equal(421, (await node.Gate.AskAsync(Marked(long.MaxValue))).Status);
    }

    [Fact]
    public async Task Moving_MarkedIs421AndUnmarkedWaits()
    {
        await using var node = await GatedNode.StartAsync();
        node.Tables.Moving(GatewayUnderTest.Bucket, node.Own()).Publish();

        var marked = await node.Gate.AskAsync(Marked(1));
        await using var browser = await node.Gate.ClientAsync();
        await browser.SendAsync(Plain);
        await GatewayUnderTest.UntilAsync(() => node.Gate.Host.Held == 1, "the browser's request waits");
        node.Tables.Open(GatewayUnderTest.Bucket, node.Own()).Publish();

        Assert.Equal(421, marked.Status);
        Assert.Equal(200, (await browser.ReadResponseAsync()).Status);
        Assert.Single(node.Server.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Restarting_WaitsAndGoesToTheNextRun(bool isMarked)
    {
        await using var node = await GatedNode.StartAsync();
        node.Tables.Restarting(GatewayUnderTest.Bucket, node.Own()).Publish();
        await using var client = await node.Gate.ClientAsync();

        await client.SendAsync(isMarked ? Marked(1) : Plain);
        await GatewayUnderTest.UntilAsync(() => node.Gate.Host.Held == 1, "it waits for the next run");
        Assert.Empty(node.Server.Requests);
        node.Tables.Open(GatewayUnderTest.Bucket, node.Own("run-2")).Publish();

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
    }

    // The mutation: a wait ends only when its entry opens; then the sender hears nothing until the hold is over.
    [Theory]
    [InlineData("moving")]
    [InlineData("others")]
    [InlineData("lease")]
    public async Task Restarting_MarkedWaitsAndTheBaseGoesAway_421AtOnce(string how)
    {
        await using var node = await GatedNode.StartAsync();
        await using var other = await GatedNode.StartAsync(id: "dtable-server-02");
        node.Tables.Restarting(GatewayUnderTest.Bucket, node.Own()).Publish();
        await using var client = await node.Gate.ClientAsync();
        await client.SendAsync(Marked(1));
        await GatewayUnderTest.UntilAsync(() => node.Gate.Host.Held == 1, "it waits for the next run");

        if (how == "moving")
            node.Tables.Moving(GatewayUnderTest.Bucket, node.Own()).Publish();
        else if (how == "others")
            node.Tables.Open(GatewayUnderTest.Bucket, other.Registered).Publish();
        else
        {
            node.IsLeaseValid = false;
            node.Tables.Publish();
        }

        Assert.Equal(421, (await client.ReadResponseAsync()).Status);
        Assert.Empty(node.Server.Requests);
        Assert.Empty(other.Server.Requests);
    }

    [Fact]
    public async Task Draining_MarkedThatWaits_421()
    {
        await using var node = await GatedNode.StartAsync();
        node.Tables.Restarting(GatewayUnderTest.Bucket, node.Own()).Publish();
        await using var client = await node.Gate.ClientAsync();
        await client.SendAsync(Marked(1));
        await GatewayUnderTest.UntilAsync(() => node.Gate.Host.Held == 1, "it waits");

        node.Gate.Host.BeginDrain();

        Assert.Equal(421, (await client.ReadResponseAsync()).Status);
    }

    // G2. The mutation: an owner without a run is taken; then the gate sends to itself what it takes for its own.
    [Fact]
    public async Task Own_TableHasItWithoutARun_Waits()
    {
        await using var node = await GatedNode.StartAsync();
        node.Tables.Open(GatewayUnderTest.Bucket, node.Registered).Publish();
        await using var client = await node.Gate.ClientAsync();

        await client.SendAsync(Plain);
        await GatewayUnderTest.UntilAsync(() => node.Gate.Host.Held == 1, "it waits");
        node.Tables.Open(GatewayUnderTest.Bucket, node.Own()).Publish();

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Assert.Single(node.Server.Requests);
    }

    [Fact]
    public async Task SysInfo_Marked_TheServersOwnAnswerAndNoSummary()
    {
        await using var node = await GatedNode.StartAsync(
            (_, wire) => wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"count\":  3}"));
        await using var proxy = await GatewayUnderTest.StartAsync(node.Registered);

        var summary = await proxy.AskAsync(GatewayUnderTest.Get("/api/v1/admin/sys-info/"));

        Assert.Equal("{\"count\":3,\"nodes\":{\"dtable-server-01\":{\"count\":3}}}", summary.Text);
        Assert.Empty(node.Server.Requests.Single().All(TableMark.HeaderName));
    }

    private static string Marked(long revision, ulong store = Tables.StoreId) =>
        GatewayUnderTest.Get(GatewayUnderTest.Path, FakeGate.Mark(revision, store));
}
