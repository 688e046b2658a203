using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>How the leader carries an order out.</summary>
public sealed class OrderTests
{
    private const string A = "dtable-server-a";
    private const string B = "dtable-server-b";

    [Fact]
    public void Order_AllWell_IsDoneWithNothingRefused()
    {
        var world = World(ReleaseMode.Call);
        Order(world, ("00", B), ("01", B));
        world.Advance(5);
        Assert.Equal([B, B, A, A], Enumerable.Range(0, 4).Select(world.Owner));
        Assert.True(world.View.Rebalance!.Done);
        Assert.Empty(world.View.Rebalance.Refused);
        Assert.All(world.Audit("move"), m => Assert.Equal("o1", m.Order));
    }

    [Fact]
    public void Order_NewLeaderInTheMiddle_GoesOnWithTheRest()
    {
        var world = World(ReleaseMode.Call);
        world.Options = world.Options with { ParallelMoves = 1 };
        world.Releases.Clear();
        Order(world, ("00", B), ("01", B), ("02", B));
        world.Settle();
        world.Releases[A] = null;
        world.Lead("monitor-2");
        world.Advance(10);
        Assert.Equal([B, B, B, A], Enumerable.Range(0, 4).Select(world.Owner));
        Assert.True(world.View.Rebalance!.Done);
    }

    [Fact]
    public void Order_NodeCannotRelease_IsGivenUpAtOnceWithTheReason()
    {
        var world = World(ReleaseMode.None);
        Order(world, ("00", B));
        world.Settle();
        Assert.True(world.View.Rebalance!.Done);
        Assert.Contains("release mode none", Assert.Single(world.View.Rebalance.Refused).Why, StringComparison.Ordinal);
        Assert.Equal(A, world.Owner(0));
    }

    [Fact]
    public void Order_AbortedOverAndOver_IsGivenUpWithTheReason()
    {
        var world = World(ReleaseMode.Call);
        world.Quiet.Clear();
        Order(world, ("00", B));
        world.Advance(600);
        Assert.True(world.View.Rebalance!.Done);
        Assert.Contains("aborted 5 times", Assert.Single(world.View.Rebalance.Refused).Why, StringComparison.Ordinal);
        Assert.Contains("p1", world.View.Rebalance.Refused[0].Why, StringComparison.Ordinal);
        Assert.Equal(5, world.Audit("abort").Length);
    }

    [Fact]
    public void Order_NewOne_TriesAtOnceWhateverWentWrongBefore()
    {
        var world = World(ReleaseMode.Call);
        world.Quiet.Clear();
        Order(world, ("00", B));
        world.Advance(600);
        world.Quiet.Add("p1");
        Order(world, "o2", ("00", B));
        world.Advance(2);
        Assert.Equal(B, world.Owner(0));
    }

    [Fact]
    public void Order_OwnerChangedMeanwhile_IsGivenUp()
    {
        var world = World(ReleaseMode.Call);
        world.Put(world.Keys.Rebalance, RecordJson.Write(new RebalanceOrder
        {
            Id = "o1",
            Pending = [new PlannedMoveRecord("00", null, B, A, MoveReason.Balance), new PlannedMoveRecord("zz", null, A, B, MoveReason.Balance)],
        }));
        world.Settle();
        Assert.True(world.View.Rebalance!.Done);
        Assert.Single(world.View.Rebalance.Refused);
    }

    [Fact]
    public void Order_Frozen_WaitsUntilTheFreezeIsLifted()
    {
        var world = World(ReleaseMode.Call);
        world.Put(world.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy { Frozen = true }));
        Order(world, ("00", B));
        world.Advance(60);
        Assert.False(world.View.Rebalance!.Done);
        world.Put(world.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy()));
        world.Advance(5);
        Assert.Equal(B, world.Owner(0));
    }

    private static void Order(World world, params (string Bucket, string To)[] moves) => Order(world, "o1", moves);

    private static void Order(World world, string id, params (string Bucket, string To)[] moves) =>
        world.Put(world.Keys.Rebalance, RecordJson.Write(new RebalanceOrder
        {
            Id = id,
            Pending = [.. moves.Select(m => new PlannedMoveRecord(m.Bucket, null, A, m.To, MoveReason.Balance))],
        }));

    private static World World(ReleaseMode mode)
    {
        var world = new World(new MonitorOptions
        {
            Nodes = [new NodeOptions { Id = A, LocalNodeUrl = "http://" + A, Register = false, Release = mode }],
        });
        world.Proxy("p1");
        world.Register(A);
        world.Settle();
        world.Register(B);
        world.Settle();
        world.Releases[A] = null;
        return world;
    }
}
