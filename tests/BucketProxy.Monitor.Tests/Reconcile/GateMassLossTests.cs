using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>Many servers behind gates die at once.</summary>
public sealed class GateMassLossTests
{
    private static readonly string[] Ids = ["dtable-server-a", "dtable-server-b", "dtable-server-c", "dtable-server-d"];

    [Fact]
    public void MassLoss_ExitsCount_NothingMovesAndTheFreezeComesAfterTheGrace()
    {
        var world = Cluster();
        world.Exits(Ids[0]);
        world.Exits(Ids[1]);
        world.Advance(9.9);
        Assert.NotNull(world.Alarm(AlarmKind.MassLoss));
        Assert.False(world.View.Policy.Frozen);
        Assert.Empty(world.View.Moves);
        Assert.Equal(3, world.Owners.Count(o => o == Ids[0]));

        world.Advance(0.2);
        Assert.True(world.View.Policy.Frozen);
        Assert.Equal(3, world.Owners.Count(o => o == Ids[0]));
    }

    [Fact]
    public void MassLoss_ExpiriesOfAll_BackWithinTheGrace_NothingIsFrozen()
    {
        var world = Cluster();
        foreach (var id in Ids)
            world.GateLost(id);
        world.Advance(5);
        foreach (var id in Ids)
            world.GateComes(id);
        world.Advance(1);
        foreach (var id in Ids)
            world.ServerRuns(id, "t2");
        world.Advance(60);
        Assert.False(world.View.Policy.Frozen);
        Assert.All(Ids, id => Assert.Equal(3, world.Owners.Count(o => o == id)));
        Assert.Null(world.Alarm(AlarmKind.MassLoss));
    }

    [Fact]
    public void MassLoss_Accepted_TheirBucketsGo()
    {
        var world = Cluster();
        world.GateLost(Ids[0]);
        world.Exits(Ids[1]);
        world.Advance(20);
        Assert.True(world.View.Policy.Frozen);
        world.Put(world.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy { AcceptedLosses = [Ids[0], Ids[1]] }));
        world.Advance(5);
        Assert.DoesNotContain(Ids[0], world.Owners);
        Assert.DoesNotContain(Ids[1], world.Owners);
    }

    [Fact]
    public void OneExit_IsNoMassLoss()
    {
        var world = Cluster();
        world.Exits(Ids[0]);
        world.Settle();
        Assert.DoesNotContain(Ids[0], world.Owners);
        Assert.Null(world.Alarm(AlarmKind.MassLoss));
    }

    private static World Cluster()
    {
        var world = new World(new MonitorOptions { MinNodes = 4 }, buckets: 12);
        foreach (var id in Ids)
            world.Gated(id);
        world.Settle();
        Assert.All(world.Owners, Assert.NotNull);
        return world;
    }
}
