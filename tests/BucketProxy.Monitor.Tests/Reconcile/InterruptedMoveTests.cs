using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Reconcile;
using static BucketProxy.Monitor.Tests.Support.PlannedMove;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>What may come between in a planned move: owners lost, an abort, a freeze.</summary>
public sealed class InterruptedMoveTests
{
    [Fact]
    public void NewOwnerLost_BeforeTheGrant_AbortsAndTheOldOwnerGoesOn()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        world.Releases.Clear();
        world.Settle();
        world.Kill(T);
        world.Settle();
        Assert.Null(world.Move(0));
        Assert.Equal(A, world.Owner(0));
    }

    [Fact]
    public void NewOwnerLost_BetweenDecisionAndGrant_TheStoreRefusesTheGrant()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        world.BeforeWrite = write =>
        {
            if (write.Why.Contains('→', StringComparison.Ordinal) && write.Why.StartsWith("bucket 00:", StringComparison.Ordinal))
                world.Kill(T);
            return true;
        };
        world.Settle();
        Assert.Equal(A, world.Owner(0));
    }

    [Fact]
    public void Abort_BetweenDecisionAndGrant_TheStoreRefusesTheGrant()
    {
        Assert.Equal(A, GrantAfterAbort(Mutations.None));
        Assert.Equal(T, GrantAfterAbort(Mutations.GrantWithoutMove));

        static string? GrantAfterAbort(Mutations mutation)
        {
            var world = Draining(ReleaseMode.Call, buckets: 1);
            world.Mutations = mutation;
            world.BeforeWrite = write =>
            {
                if (write.Why.StartsWith("bucket 00:", StringComparison.Ordinal) && write.Why.Contains('→', StringComparison.Ordinal))
                {
                    world.Delete(world.Keys.Move(world.Buckets[0]));
                    world.Policy(A, new NodePolicy());
                }
                return true;
            };
            world.Settle();
            return world.Owner(0);
        }
    }

    [Fact]
    public void OldOwnerLost_InMidRelease_GoesOnAndWritesTheLossDown()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        world.Releases.Clear();
        world.Settle();
        world.Kill(A);
        world.Advance(12.5);
        Assert.Equal(T, world.Owner(0));
        Assert.Equal(A, Assert.Single(world.View.Uncleans[world.Buckets[0]].Processes).NodeId);
    }

    [Fact]
    public void Aborted_NobodyWantsItAnyMore_AlarmIsOver()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        world.Quiet.Clear();
        world.Advance(20);
        Assert.NotNull(world.Alarm(AlarmKind.MoveAborted));
        world.Policy(A, new NodePolicy());
        world.Advance(330);
        Assert.Null(world.Alarm(AlarmKind.MoveAborted));
    }

    [Fact]
    public void Frozen_InMidMove_AbortsButLetsTheGrantedOpen()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        world.Releases.Clear();
        world.Settle();
        world.Put(world.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy { Frozen = true, FrozenReason = "works" }));
        world.Settle();
        Assert.Null(world.Move(0));
        Assert.Equal(A, world.Owner(0));
        Assert.Contains("works", world.Alarm(AlarmKind.Frozen)!.Message, StringComparison.Ordinal);

        var settling = Draining(ReleaseMode.Watch, buckets: 1);
        settling.Settle();
        settling.Put(settling.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy { Frozen = true }));
        settling.Advance(2.1);
        Assert.Null(settling.Move(0));
        Assert.Equal(T, settling.Owner(0));
    }
}
