using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Orders;
using BucketProxy.Monitor.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Monitor.Tests.Orders;

public sealed class ClusterOrdersTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";

    [Fact]
    public async Task Drain_Node_WishAndAuditStandInOneWrite()
    {
        await using var desk = new OrderDesk();
        await desk.RegisterAsync(A);
        await desk.Orders.SetWeightAsync(A, 2, "anna");
        desk.Time.Advance(TimeSpan.FromMilliseconds(1));
        await desk.Orders.DrainAsync(A, force: false, "anna");
        var policy = (await desk.SeeAsync()).NodePolicies[A];
        Assert.True(policy is { Draining: true, ForceDrain: false, Weight: 2 });

        var audit = (await desk.AuditAsync())[0];
        Assert.Equal(("drain", A, "anna"), (audit.What, audit.Subject, audit.By));
        Assert.False(audit.Before!.Value.GetProperty("draining").GetBoolean());
        Assert.True(audit.After!.Value.GetProperty("draining").GetBoolean());

        await desk.Orders.UncordonAsync(A, "anna");
        Assert.False((await desk.SeeAsync()).NodePolicies[A].Draining);
    }

    [Fact]
    public async Task Drain_NodeThatCannotRelease_IsRefusedUnlessForced()
    {
        await using var desk = new OrderDesk();
        await desk.RegisterAsync(A, byUs: true);
        var refused = await Assert.ThrowsAsync<OrderException>(() => desk.Orders.DrainAsync(A, force: false, "anna"));
        Assert.Equal(OrderError.Refused, refused.Error);
        Assert.Contains("release mode none", refused.Message, StringComparison.Ordinal);
        await desk.Orders.DrainAsync(A, force: true, "anna");
        Assert.True((await desk.SeeAsync()).NodePolicies[A].ForceDrain);
    }

    [Theory]
    [InlineData("drain")]
    [InlineData("cordon")]
    [InlineData("weight")]
    [InlineData("pin")]
    [InlineData("gone")]
    public async Task Order_UnknownNode_IsNotFound(string what)
    {
        await using var desk = new OrderDesk();
        await desk.RegisterAsync(A);
        var error = await Assert.ThrowsAsync<OrderException>(() => what switch
        {
            "drain" => desk.Orders.DrainAsync(B, false, "x"),
            "cordon" => desk.Orders.CordonAsync(B, "x"),
            "weight" => desk.Orders.SetWeightAsync(B, 1, "x"),
            "pin" => desk.Orders.PinAsync("00aabbcc", B, "x"),
            _ => desk.Orders.ProcessGoneAsync(B, "x"),
        });
        Assert.Equal(OrderError.NotFound, error.Error);
        Assert.Empty(await desk.AuditAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(100.1)]
    [InlineData(double.NaN)]
    public async Task SetWeight_OutOfRange_IsInvalid(double weight)
    {
        await using var desk = new OrderDesk();
        await desk.RegisterAsync(A);
        var error = await Assert.ThrowsAsync<OrderException>(() => desk.Orders.SetWeightAsync(A, weight, "x"));
        Assert.Equal(OrderError.Invalid, error.Error);
    }

    [Fact]
    public async Task Pin_AndUnpin_WriteAndDeleteTheWish()
    {
        await using var desk = new OrderDesk();
        await desk.RegisterAsync(A);
        await desk.RegisterAsync(B);
        await desk.AssignAllAsync(A);
        await desk.Orders.PinAsync("ff84e1a1-66e2", B, "anna");
        Assert.True(BasePrefix.TryParse("ff84e1a166e2", out var pin));
        Assert.Equal(B, (await desk.SeeAsync()).PinPolicies[pin]);
        await desk.Orders.UnpinAsync("ff84e1a1-66e2", "anna");
        Assert.Empty((await desk.SeeAsync()).PinPolicies);
        var error = await Assert.ThrowsAsync<OrderException>(() => desk.Orders.UnpinAsync("ff84e1a1-66e2", "anna"));
        Assert.Equal(OrderError.NotFound, error.Error);
    }

    [Fact]
    public async Task Pin_HolderCannotRelease_IsRefused()
    {
        await using var desk = new OrderDesk();
        await desk.RegisterAsync(A, byUs: true);
        await desk.RegisterAsync(B);
        await desk.AssignAllAsync(A);
        var error = await Assert.ThrowsAsync<OrderException>(() => desk.Orders.PinAsync("00aabbcc", B, "anna"));
        Assert.Equal(OrderError.Refused, error.Error);
        await desk.Orders.PinAsync("00aabbcc", A, "anna");
    }

    [Fact]
    public async Task Pin_HolderFollowsNoPins_IsRefused()
    {
        await using var desk = new OrderDesk();
        await desk.PutAsync(desk.Keys.Node(A), """{"local_node_url":"http://a"}""");
        await desk.RegisterAsync(B);
        await desk.AssignAllAsync(A);
        var error = await Assert.ThrowsAsync<OrderException>(() => desk.Orders.PinAsync("00aabbcc", B, "anna"));
        Assert.Equal(OrderError.Refused, error.Error);
        Assert.Contains("single bases", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unpin_Configured_IsRefusedAndSaysWhere()
    {
        Assert.True(BasePrefix.TryParse("00aabbcc", out var pin));
        await using var desk = new OrderDesk(new MonitorOptions { Placement = new PlacementOptions { Pins = [new PinOptions(pin, A)] } });
        await desk.RegisterAsync(A);
        var error = await Assert.ThrowsAsync<OrderException>(() => desk.Orders.UnpinAsync("00aabbcc", "x"));
        Assert.Equal(OrderError.Refused, error.Error);
        Assert.Contains("configuration", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unfreeze_OwnersGone_AreAcceptedAsLost()
    {
        await using var desk = new OrderDesk();
        await desk.RegisterAsync(B);
        await desk.AssignAllAsync(A);
        await desk.Orders.FreezeAsync("works", "anna");
        Assert.Equal("works", (await desk.SeeAsync()).Policy.FrozenReason);
        await desk.Orders.UnfreezeAsync("anna");
        var policy = (await desk.SeeAsync()).Policy;
        Assert.False(policy.Frozen);
        Assert.Equal(A, Assert.Single(policy.AcceptedLosses));
    }

    [Fact]
    public async Task ForgetProxy_Alive_IsRefusedAndLostIsForgotten()
    {
        await using var desk = new OrderDesk();
        await desk.PutAsync(desk.Keys.Proxy("p1"), "{}");
        await desk.PutAsync(desk.Keys.Alive("p1"), "");
        Assert.Equal(OrderError.Refused, (await Assert.ThrowsAsync<OrderException>(() => desk.Orders.ForgetProxyAsync("p1", "x"))).Error);
        Assert.Equal(OrderError.NotFound, (await Assert.ThrowsAsync<OrderException>(() => desk.Orders.ForgetProxyAsync("p2", "x"))).Error);
        await desk.DeleteAsync(desk.Keys.Alive("p1"));
        await desk.Orders.ForgetProxyAsync("p1", "x");
        Assert.Empty((await desk.SeeAsync()).Proxies);
    }

    [Fact]
    public async Task ForgetProxy_ComesBackAtThatMoment_IsRefused()
    {
        await using var desk = new OrderDesk();
        await desk.PutAsync(desk.Keys.Proxy("p1"), "{}");
        var old = desk.Current;
        await desk.Store.CommitAsync(new() { Success = [Cluster.Store.StoreOperation.PutText(desk.Keys.Alive("p1"), "")] });
        Assert.Same(old, desk.Current);
        Assert.Equal(OrderError.Refused, (await Assert.ThrowsAsync<OrderException>(() => desk.Orders.ForgetProxyAsync("p1", "x"))).Error);
        Assert.Single((await desk.SeeAsync()).Proxies);
    }

    [Fact]
    public async Task ProcessGone_TheOneThatRuns_IsRefused()
    {
        await using var desk = new OrderDesk();
        await desk.RegisterAsync(A);
        await desk.PutAsync(desk.Keys.Unclean(new Bucket(0)),
            RecordJson.Write(new UncleanRecord { Processes = [new UncleanProcess(A, "t1", "http://" + A, 5)] }));
        Assert.Equal(OrderError.Refused, (await Assert.ThrowsAsync<OrderException>(() => desk.Orders.ProcessGoneAsync(A, "x"))).Error);
        await desk.RegisterAsync(A, "t2");
        await desk.Orders.ProcessGoneAsync(A, "x");
        Assert.Equal("*", (await desk.SeeAsync()).NodePolicies[A].ProcessGone);
    }

    [Fact]
    public async Task AcceptStore_Order_ReachesTheMirrorAndIsRecorded()
    {
        await using var desk = new OrderDesk();
        await desk.Orders.AcceptStoreAsync("anna");
        Assert.Equal(1, desk.Accepted);
        Assert.Equal("accept-store", Assert.Single(await desk.AuditAsync()).What);
    }

    [Fact]
    public async Task Change_AcknowledgementLost_IsTakenOnceAndRecordedOnce()
    {
        await using var desk = new OrderDesk();
        await desk.RegisterAsync(A);
        desk.Store.LoseAcknowledgements(StoreCalls.Commit);
        var order = desk.Orders.CordonAsync(A, "x");
        await desk.Time.AdvanceUntilAsync(() => order.IsCompleted, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
        await order;
        Assert.True((await desk.SeeAsync()).NodePolicies[A].Cordoned);
        Assert.Single(await desk.AuditAsync());
    }

    [Fact]
    public async Task Change_StoreAway_SaysSo()
    {
        await using var desk = new OrderDesk();
        await desk.RegisterAsync(A);
        desk.Store.Partition();
        var order = desk.Orders.CordonAsync(A, "x");
        await desk.Time.AdvanceUntilAsync(() => order.IsCompleted, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
        Assert.Equal(OrderError.StoreAway, (await Assert.ThrowsAsync<OrderException>(() => order)).Error);
    }

    [Fact]
    public async Task Change_Taken_IsInTheViewWhenItIsAnswered()
    {
        await using var desk = new OrderDesk();
        await desk.RegisterAsync(A);
        await desk.Orders.CordonAsync(A, "x");
        Assert.True(desk.Current!.NodePolicies[A].Cordoned);
    }

    [Fact]
    public async Task Change_MirrorIsBehind_IsAnsweredAllTheSame()
    {
        await using var desk = new OrderDesk();
        await desk.RegisterAsync(A);
        desk.Mirrors = false;
        var order = desk.Orders.CordonAsync(A, "x");
        await desk.Time.AdvanceUntilAsync(() => order.IsCompleted, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
        await order;
        Assert.True((await desk.SeeAsync()).NodePolicies[A].Cordoned);
    }

    [Fact]
    public async Task Change_SomebodyElseChangedIt_BothChangesStand()
    {
        await using var desk = new OrderDesk();
        await desk.RegisterAsync(A);
        await Task.WhenAll(desk.Orders.CordonAsync(A, "x"), desk.Orders.SetWeightAsync(A, 5, "y"));
        Assert.True((await desk.SeeAsync()).NodePolicies[A] is { Cordoned: true, Weight: 5 });
    }
}
