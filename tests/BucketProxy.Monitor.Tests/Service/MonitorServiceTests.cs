using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Auditing;
using BucketProxy.Monitor.Orders;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Service;

/// <summary>The monitor as it runs: embedded store on disk, nodes over HTTP, proxies that answer moves.</summary>
public sealed class MonitorServiceTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";
    private const string C = "dtable-server-c";

    [Fact]
    public async Task Start_ConfiguredNodesAnswer_RegistersThemAndAssignsEveryBucket()
    {
        await using var cluster = new RunningCluster();
        await cluster.AddNodeAsync(A, ReleaseMode.Call);
        await cluster.AddNodeAsync(B, ReleaseMode.Call);
        cluster.StartMonitor("m1");
        var view = await cluster.UntilAsync(v => v.Assignments.Count == Bucket.Count);
        Assert.Equal([128, 128], view.Assignments.Values.GroupBy(g => g.Owner).Select(g => g.Count()));
        Assert.All(view.Nodes.Values, n => Assert.True(n.RegisteredByUs));
    }

    [Fact]
    public async Task Rebalance_NodeJoins_FewestMovesEachReleasedByCall()
    {
        await using var cluster = new RunningCluster();
        var a = await cluster.AddNodeAsync(A, ReleaseMode.Call);
        var b = await cluster.AddNodeAsync(B, ReleaseMode.Call);
        var monitor = cluster.StartMonitor("m1");
        await cluster.AddProxyAsync("p1");
        await cluster.UntilAsync(v => v.Assignments.Count == Bucket.Count);
        await monitor.DisposeAsync();

        await cluster.AddNodeAsync(C, ReleaseMode.Call);
        cluster.StartMonitor("m2");
        await cluster.UntilAsync(v => v.Nodes.ContainsKey(C) && v.KnownNodes.ContainsKey(C));
        Assert.Equal(2, cluster.Mirror.Current!.Assignments.Values.Select(g => g.Owner).Distinct().Count());

        var preview = await cluster.Orders.RebalanceAsync(dryRun: true, null, wait: false, "test");
        var done = await cluster.Orders.RebalanceAsync(dryRun: false, preview.Id, wait: true, "test");

        Assert.Equal(85, done.Moves.Length);
        Assert.All(done.Moves, m => Assert.Equal(C, m.To));
        Assert.Equal(85, a.Releases.Count + b.Releases.Count);
        var view = cluster.Mirror.Current!;
        Assert.Equal([85, 85, 86], view.Assignments.Values.GroupBy(g => g.Owner).Select(g => g.Count()).Order());
        Assert.Empty(view.Moves);
        Assert.Empty(view.Uncleans);
        Assert.Equal(85, done.Outcome.Count(o => o is { What: AuditRecord.Move, Phases: not null }));
        Assert.Contains(await cluster.Orders.Audit.LastAsync(1000, null, default), r => r is { What: "rebalance", By: "test" });
    }

    [Fact]
    public async Task Rebalance_PreviewedPlanNoLongerHolds_IsRefused()
    {
        await using var cluster = new RunningCluster();
        await cluster.AddNodeAsync(A, ReleaseMode.Call);
        await cluster.AddNodeAsync(B, ReleaseMode.Call);
        cluster.StartMonitor("m1");
        await cluster.UntilAsync(v => v.Assignments.Count == Bucket.Count && v.Report is not null);
        await cluster.Orders.SetWeightAsync(A, 3, "test");
        await cluster.UntilAsync(v => v.NodePolicies.ContainsKey(A));
        var preview = await cluster.Orders.RebalanceAsync(dryRun: true, null, wait: false, "test");
        Assert.Equal(64, preview.Moves.Length);

        await cluster.Orders.CordonAsync(B, "test");
        await cluster.UntilAsync(v => v.NodePolicies.ContainsKey(B));
        var refused = await Assert.ThrowsAsync<OrderException>(
            () => cluster.Orders.RebalanceAsync(dryRun: false, preview.Id, wait: false, "test"));
        Assert.Equal(OrderError.Changed, refused.Error);
    }

    [Fact]
    public async Task Loss_NodeStopsAnswering_RegistrationGoesAndOthersTakeOver()
    {
        await using var cluster = new RunningCluster();
        var a = await cluster.AddNodeAsync(A, ReleaseMode.Call);
        await cluster.AddNodeAsync(B, ReleaseMode.Call);
        await cluster.AddNodeAsync(C, ReleaseMode.Call);
        cluster.StartMonitor("m1");
        await cluster.AddProxyAsync("p1");
        await cluster.UntilAsync(v => v.Assignments.Count == Bucket.Count);

        a.Pings = false;
        var view = await cluster.UntilAsync(v => v.Moves.IsEmpty && v.Assignments.Values.All(g => g.Owner != A));
        Assert.False(view.Nodes.ContainsKey(A));
        Assert.Equal(85, view.Uncleans.Count, 1.0);

        a.Pings = true;
        await cluster.UntilAsync(v => v.Nodes.ContainsKey(A));
    }

    [Fact]
    public async Task Leader_Stops_AnotherGoesOnWithTheDrain()
    {
        await using var cluster = new RunningCluster();
        await cluster.AddNodeAsync(A, ReleaseMode.Call);
        await cluster.AddNodeAsync(B, ReleaseMode.Call);
        var first = cluster.StartMonitor("m1");
        await cluster.AddProxyAsync("p1");
        await cluster.UntilAsync(v => v.Assignments.Count == Bucket.Count);
        cluster.StartMonitor("m2");

        await cluster.Orders.DrainAsync(A, force: false, "test");
        await cluster.UntilAsync(v => v.Assignments.Values.Count(g => g.Owner == A) < 120);
        await first.DisposeAsync();
        var view = await cluster.UntilAsync(v => v.Moves.IsEmpty && v.Assignments.Values.All(g => g.Owner == B));
        Assert.Equal("m2", view.Leader!.Instance);
        Assert.Empty(view.Uncleans);
    }

    [Fact]
    public async Task Leader_KeyTakenAway_WritesNothingMoreAndCampaignsAgain()
    {
        await using var cluster = new RunningCluster();
        await cluster.AddNodeAsync(A, ReleaseMode.Call);
        cluster.StartMonitor("m1");
        var before = await cluster.UntilAsync(v => v.Leader is not null);
        await cluster.Store.CommitAsync(new StoreTransaction { Success = [StoreOperation.DeleteKey(cluster.Keys.Leader)] });
        await cluster.UntilAsync(v => v.Leader is not null && v.Leader.CreateRevision != before.Leader!.CreateRevision);
    }

    [Fact]
    public async Task Release_NodeBusyThenReady_IsAskedAgainWithinTheTime()
    {
        await using var cluster = new RunningCluster();
        var a = await cluster.AddNodeAsync(A, ReleaseMode.Call);
        await cluster.AddNodeAsync(B, ReleaseMode.Call);
        cluster.StartMonitor("m1");
        await cluster.AddProxyAsync("p1");
        await cluster.UntilAsync(v => v.Assignments.Count == Bucket.Count);
        var pin = cluster.Mirror.Current!.Assignments.First(g => g.Value.Owner == A).Key + "aabbcc";

        a.Answers.Enqueue(503);
        a.Answers.Enqueue(500);
        await cluster.Orders.PinAsync(pin, B, "test");
        Assert.True(BasePrefix.TryParse(pin, out var parsed));
        await cluster.UntilAsync(v => v.Moves.IsEmpty && v.Pins.GetValueOrDefault(parsed)?.Owner == B);

        Assert.Equal(3, a.Releases.Count);
        Assert.All(a.Releases, r => Assert.Equal((pin[..2], pin), ((string?)r["bucket"], (string?)r["base"])));
        await cluster.Orders.UnpinAsync(pin, "test");
        await cluster.UntilAsync(v => v.Pins.IsEmpty);
    }
}
