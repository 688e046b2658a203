using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Orders;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Orders;

/// <summary>A rebalance: its preview, and its order.</summary>
public sealed class RebalanceOrderTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";

    [Fact]
    public async Task Rebalance_DryRun_OrdersNothingAndHasTheSameIdAgain()
    {
        await using var desk = new OrderDesk();
        await JoinedAsync(desk);
        var first = await desk.Orders.RebalanceAsync(true, null, false, "x");
        var second = await desk.Orders.RebalanceAsync(true, null, false, "y");
        Assert.Equal((128, first.Id, true), (second.Moves.Length, second.Id, second.DryRun));
        Assert.Null((await desk.SeeAsync()).Rebalance);
        Assert.Empty(await desk.AuditAsync());
    }

    [Fact]
    public async Task Rebalance_Previewed_IsOrderedAsPreviewedAndAgainIsTheSameOrder()
    {
        await using var desk = new OrderDesk();
        await JoinedAsync(desk);
        var preview = await desk.Orders.RebalanceAsync(true, null, false, "x");
        await desk.Orders.RebalanceAsync(false, preview.Id, false, "x");
        var order = (await desk.SeeAsync()).Rebalance!;
        Assert.Equal((preview.Id, "x", 128, false), (order.Id, order.By, order.Pending.Length, order.Done));

        await desk.Orders.RebalanceAsync(false, preview.Id, false, "x");
        Assert.Equal(order.ModRevision, (await desk.SeeAsync()).Rebalance!.ModRevision);
    }

    [Fact]
    public async Task Rebalance_Frozen_IsRefusedWithTheReason()
    {
        await using var desk = new OrderDesk();
        await JoinedAsync(desk);
        await desk.Orders.FreezeAsync("works", "x");
        await desk.SeeAsync();
        var error = await Assert.ThrowsAsync<OrderException>(() => desk.Orders.RebalanceAsync(false, null, false, "x"));
        Assert.Equal(OrderError.Refused, error.Error);
        Assert.Contains("works", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rebalance_AnotherOrderAtTheSameMoment_IsRefused()
    {
        await using var desk = new OrderDesk();
        await JoinedAsync(desk);
        await desk.Store.CommitAsync(new() { Success = [Cluster.Store.StoreOperation.PutText(desk.Keys.Rebalance, """{"id":"other"}""")] });
        var error = await Assert.ThrowsAsync<OrderException>(() => desk.Orders.RebalanceAsync(false, null, false, "x"));
        Assert.Equal(OrderError.Changed, error.Error);
        Assert.Equal("other", (await desk.SeeAsync()).Rebalance!.Id);
    }

    [Fact]
    public async Task Rebalance_NothingToDo_IsDoneAtOnce()
    {
        await using var desk = new OrderDesk();
        await desk.RegisterAsync(A);
        await desk.AssignAllAsync(A);
        var plan = await desk.Orders.RebalanceAsync(false, null, true, "x");
        Assert.True(plan.Done);
        Assert.Empty(plan.Moves);
    }

    private static async Task JoinedAsync(OrderDesk desk)
    {
        foreach (var id in (string[])[A, B])
        {
            await desk.RegisterAsync(id);
            var node = (await desk.SeeAsync()).Nodes[id];
            await desk.PutAsync(desk.Keys.KnownNode(id), RecordJson.Write(new KnownNode(node.LocalUrlText, null, "t1", node.CreateRevision)));
        }
        await desk.AssignAllAsync(A);
    }
}
