using BucketProxy.Cluster.View;
using static BucketProxy.Monitor.Tests.Support.PlannedMove;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>Planned moves that do not wait for what they cannot get.</summary>
public sealed class ForcedMoveTests
{
    [Fact]
    public void Forced_NodeThatCannotRelease_MovesAndWritesTheLossDown()
    {
        var world = Draining(ReleaseMode.None, buckets: 1);
        world.Policy(A, new NodePolicy { Draining = true, ForceDrain = true });
        world.Settle();
        Assert.Equal(T, world.Owner(0));
        Assert.Equal("t1", Assert.Single(world.View.Uncleans[world.Buckets[0]].Processes).StartTime);
    }

    [Fact]
    public void Forced_ProxyNeverSilent_GoesOnAfterTheQuiesceTime()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        world.Policy(A, new NodePolicy { Draining = true, ForceDrain = true });
        world.Quiet.Clear();
        world.Advance(3.9);
        Assert.Equal(A, world.Owner(0));
        Assert.True(world.Move(0)!.Forced);
        world.Advance(0.2);
        Assert.Equal(T, world.Owner(0));
        Assert.NotEmpty(world.View.Uncleans);
    }

    [Fact]
    public void Forced_AfterAborts_DoesNotWaitForTheNextTry()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        world.Quiet.Clear();
        world.Advance(4.5);
        Assert.Null(world.Move(0));
        world.Policy(A, new NodePolicy { Draining = true, ForceDrain = true });
        world.Settle();
        Assert.True(world.Move(0)!.Forced);
    }
}
