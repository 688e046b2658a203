using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Nodes;
using BucketProxy.Gateway.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Gateway.Tests.Nodes;

public sealed class NodeLinksTests
{
    private static readonly NodeRecord A = Record("dtable-server-01", "http://127.0.0.1:1");
    private readonly FakeTimeProvider _time = new();
    private readonly Tables _tables = new();

    [Fact]
    public void For_SameOwner_SameLink()
    {
        using var links = new NodeLinks(new GatewayOptions(), _time);
        var table = _tables.OpenAll(A).Publish();
        var first = links.For(table[GatewayUnderTest.Bucket]);

        Assert.Same(first, links.For(table[GatewayUnderTest.Bucket]));
        Assert.Same(first, links.For(table.Buckets[0]));
        // A registration written anew is another record of the same node.
        Assert.Same(first, links.For(A with { RefreshTime = "2" }));
    }

    [Fact]
    public void For_NodeMovedToAnotherAddress_AnotherLink()
    {
        using var links = new NodeLinks(new GatewayOptions(), _time);

        Assert.NotSame(links.For(A), links.For(Record(A.Id, "http://10.0.0.2:5000")));
    }

    [Fact]
    public void For_EntryWithoutOwner_Throws()
    {
        using var links = new NodeLinks(new GatewayOptions(), _time);

        Assert.Throws<InvalidOperationException>(() => links.For(RoutingTable.Empty.Buckets[0]));
    }

    [Fact]
    public async Task Forget_NodeGone_ConnectionsAreClosedOnceNothingCanBeUnderWay()
    {
        var options = new GatewayOptions();
        using var links = new NodeLinks(options, _time);
        var link = links.For(_tables.OpenAll(A).Publish()[GatewayUnderTest.Bucket]);

        links.Forget(new RoutingTable(1, 1, RoutingTable.Empty.Buckets, [], []));

        Assert.NotSame(link, links.For(A));
        _time.Advance(options.IdleTimeout);
        Assert.True(Unreachable.IsIn(await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(link))));
        _time.Advance(options.HoldTime);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => AskAsync(link));
    }

    [Fact]
    public void Forget_NodeThatOwnsOrIsRegistered_Stays()
    {
        using var links = new NodeLinks(new GatewayOptions(), _time);
        var table = _tables.OpenAll(A).Publish();
        var link = links.For(table[GatewayUnderTest.Bucket]);

        links.Forget(new RoutingTable(1, 1, table.Buckets, [], []));
        links.Forget(new RoutingTable(1, 1, RoutingTable.Empty.Buckets, [], [A]));

        Assert.Same(link, links.For(A));
    }

    // S2. The mutation: the gate is not asked after connecting; then a request that was about to connect goes out behind the cut.
    [Fact]
    public async Task CutAll_UntilAllowed_NothingReachesANode()
    {
        await using var node = new FakeNode();
        using var links = new NodeLinks(new GatewayOptions(), TimeProvider.System);
        var link = links.For(node.Record);
        (await AskAsync(link)).Dispose();
        links.CutAll();

        Assert.True(Unreachable.IsIn(await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(link))));

        Assert.Single(node.Requests);
        links.Allow();
        (await AskAsync(link)).Dispose();
        Assert.Equal(2, node.Requests.Count);
    }

    private static Task<HttpResponseMessage> AskAsync(NodeLink link) =>
        link.Http.SendAsync(new HttpRequestMessage(HttpMethod.Post, link.Node.LocalUrl), CancellationToken.None);

    private static NodeRecord Record(string id, string url) => new() { Id = id, LocalUrl = new Uri(url), LocalUrlText = url };
}
