using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Orders;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Orders;

/// <summary>Orders about nodes behind gates.</summary>
public sealed class GatedOrdersTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";

    [Fact]
    public async Task Drain_NodeThatIsRestartedForIt_SaysHowLongThatTakes()
    {
        await using var desk = new OrderDesk();
        await GatedAsync(desk, A, """ "release":"restart","saveSeconds":5 """);
        Assert.Contains("up to 5 s to save", await desk.Orders.DrainAsync(A, force: false, "anna"), StringComparison.Ordinal);
        await GatedAsync(desk, A, """ "release":"restart","saveSeconds":5,"startSeconds":2.5 """);
        Assert.Contains("up to 5 s to save, and to start 2.5 s the last time", await desk.Orders.DrainAsync(A, force: false, "anna"), StringComparison.Ordinal);
        await GatedAsync(desk, A, """ "release":"restart","saveSeconds":5,"startSeconds":2.5,"restartSeconds":8.25 """);
        Assert.Contains("8.3 s the last time", await desk.Orders.DrainAsync(A, force: false, "anna"), StringComparison.Ordinal);
        await GatedAsync(desk, A, """ "release":"call" """);
        Assert.Null(await desk.Orders.DrainAsync(A, force: false, "anna"));
    }

    [Fact]
    public async Task PreviewDrain_SaysWhatTheOrderWouldSay_AndOrdersNothing()
    {
        await using var desk = new OrderDesk();
        await GatedAsync(desk, A, """ "release":"restart","saveSeconds":5,"restartSeconds":8 """);
        Assert.Contains("8 s the last time", desk.Orders.PreviewDrain(A, force: false), StringComparison.Ordinal);
        Assert.False((await desk.SeeAsync()).NodePolicies.ContainsKey(A));
        Assert.Equal(OrderError.NotFound, Assert.Throws<OrderException>(() => desk.Orders.PreviewDrain("dtable-server-z", force: true)).Error);
        await GatedAsync(desk, A, """ "release":"none" """);
        Assert.Equal(OrderError.Refused, Assert.Throws<OrderException>(() => desk.Orders.PreviewDrain(A, force: false)).Error);
        Assert.Null(desk.Orders.PreviewDrain(A, force: true));
    }

    [Fact]
    public async Task Drain_GateCannotRelease_IsRefusedWhateverTheConfigurationSays()
    {
        await using var desk = new OrderDesk(new() { Nodes = [new() { Id = A, Register = false, Release = ReleaseMode.Watch }] });
        await GatedAsync(desk, A, """ "release":"none" """);
        var refused = await Assert.ThrowsAsync<OrderException>(() => desk.Orders.DrainAsync(A, force: false, "anna"));
        Assert.Contains("release mode none", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rebalance_Preview_NamesTheNodesThatAreRestarted()
    {
        await using var desk = new OrderDesk();
        await GatedAsync(desk, A, """ "release":"restart","restartSeconds":12 """);
        await desk.AssignAllAsync(A);
        await desk.PutAsync(desk.Keys.KnownNode(A), RecordJson.Write(new KnownNode("http://" + A, null, "t1",
            desk.Current!.Nodes[A].CreateRevision, Core.Nodes.GateKind.Supervised, desk.Current.Gates[A].CreateRevision, 0)));
        await desk.RegisterAsync(B);
        await desk.PutAsync(desk.Keys.KnownNode(B), RecordJson.Write(new KnownNode("http://" + B, null, "t1", desk.Current!.Nodes[B].CreateRevision)));

        var plan = await desk.Orders.RebalanceAsync(dryRun: true, null, wait: false, "anna");
        Assert.Equal(128, plan.Moves.Length);
        Assert.Contains(A + " is restarted once", Assert.Single(plan.Remarks), StringComparison.Ordinal);
        var ordered = await desk.Orders.RebalanceAsync(dryRun: false, plan.Id, wait: false, "anna");
        Assert.Equal(plan.Remarks.AsEnumerable(), ordered.Remarks.AsEnumerable());
    }

    [Fact]
    public async Task Unfreeze_ServerHasExited_IsAcceptedAsLostThoughItIsRegistered()
    {
        await using var desk = new OrderDesk();
        await GatedAsync(desk, A, """ "exited":"t1" """);
        await desk.AssignAllAsync(A);
        await desk.Orders.FreezeAsync("works", "anna");
        await desk.Orders.UnfreezeAsync("anna");
        Assert.Equal(A, Assert.Single((await desk.SeeAsync()).Policy.AcceptedLosses));
    }

    private static async Task GatedAsync(OrderDesk desk, string id, string members)
    {
        await desk.PutAsync(desk.Keys.Gate(id), $$"""{"instance":"g","incarnation":"t1","url":"http://{{id}}","supervised":true,{{members}}}""");
        await desk.PutAsync(desk.Keys.Node(id), $$"""{"local_node_url":"http://{{id}}","start_time":"t1","gate":"supervised"}""");
    }
}
