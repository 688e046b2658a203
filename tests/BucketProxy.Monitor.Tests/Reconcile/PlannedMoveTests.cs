using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Reconcile;
using static BucketProxy.Monitor.Tests.Support.PlannedMove;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>A planned move up to the silence of the proxies: DESIGN.md, "A planned move".</summary>
public sealed class PlannedMoveTests
{
    [Fact]
    public void Drain_ProxiesSilent_MovesEverythingAndOpensIt()
    {
        var world = Draining(ReleaseMode.Call);
        world.Settle();

        Assert.Equal([T, T, T, T], Enumerable.Range(0, 4).Select(world.Owner));
        Assert.Empty(world.View.Moves);
        Assert.Empty(world.View.Uncleans);
        Assert.Equal(4, world.Audit("move").Length);
    }

    [Fact]
    public void Drain_ProxyNotSilent_NothingIsReleasedOrGranted()
    {
        var world = Draining(ReleaseMode.Call);
        world.Quiet.Clear();
        world.Advance(3.9);

        Assert.Equal(A, world.Owner(0));
        Assert.Equal(MovePhase.Quiesce, world.Move(0)!.Phase);
        Assert.DoesNotContain(world.Actions, a => a is CallReleaseAction);
    }

    [Fact]
    public void Drain_ProxySilentAboutEarlierMove_IsNotTakenForThisOne()
    {
        var world = Draining(ReleaseMode.Call);
        world.Quiet.Clear();
        world.Settle();
        world.FallSilent("p1", 0, world.Move(0)!.CreateRevision - 1);
        world.Advance(1);
        Assert.Equal(MovePhase.Quiesce, world.Move(0)!.Phase);

        world.Mutations = Mutations.OldSilenceCounts;
        world.Settle();
        Assert.NotEqual(MovePhase.Quiesce, world.Move(0)?.Phase);
    }

    [Fact]
    public void Drain_ProxyBusyTooLong_AbortsNamesItAndTriesAgainLater()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        world.Quiet.Clear();
        world.IsBusy("p1", 0, "POST /api/v1/dtables/… for 7 s");
        world.Advance(4.1);

        Assert.Null(world.Move(0));
        Assert.Equal(A, world.Owner(0));
        var abort = Assert.Single(world.Audit("abort"));
        Assert.Contains("p1", abort.Why, StringComparison.Ordinal);
        Assert.Contains("POST", abort.Why, StringComparison.Ordinal);

        world.Advance(4.8);
        Assert.Null(world.Move(0));
        world.Advance(0.3);
        Assert.NotNull(world.Move(0));
        // It is aborted again; the pause doubles, and the second time it is an alarm.
        world.Advance(4.2);
        Assert.Contains("p1", world.Alarm(AlarmKind.MoveAborted)!.Message, StringComparison.Ordinal);
        world.Advance(9);
        Assert.Null(world.Move(0));
        world.Advance(1.2);
        Assert.NotNull(world.Move(0));
    }

    [Fact]
    public void Drain_ProxyThatCameAfterTheList_IsNotWaitedFor()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        world.Quiet.Clear();
        world.Settle();
        // It registered after the move stood, so whatever it reads shows the move.
        world.Proxy("p2", quiet: false);
        world.FallSilent("p1", 0);
        world.Settle();
        Assert.Equal(T, world.Owner(0));
    }

    [Fact]
    public void Drain_ProxyThatCameBeforeTheMove_IsWaitedForThoughNoViewShowedIt()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        var joined = false;
        world.BeforeWrite = write =>
        {
            if (!joined && write.Subject == "move/00")
            {
                joined = true;
                world.Proxy("p2", quiet: false);
            }
            return true;
        };
        world.Advance(2);
        Assert.Equal(A, world.Owner(0));
        Assert.Equal(MovePhase.Quiesce, world.Move(0)!.Phase);
    }

    [Fact]
    public void Drain_ListFromBeforeTheMove_IsReadAnew()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        world.State = world.State with { Listed = new ProxyList(world.Store.Revision, []) };
        world.Quiet.Clear();
        world.Advance(2);
        Assert.Equal(MovePhase.Quiesce, world.Move(0)!.Phase);

        var mutant = Draining(ReleaseMode.Call, buckets: 1);
        mutant.State = mutant.State with { Listed = new ProxyList(mutant.Store.Revision, []) };
        mutant.Quiet.Clear();
        mutant.Mutations = Mutations.ListBeforeMove;
        mutant.Advance(2);
        Assert.Equal(T, mutant.Owner(0));
    }

    [Fact]
    public void Parallel_Drain_AtMostEightAtOnce()
    {
        var world = Draining(ReleaseMode.Call, buckets: 20);
        world.Releases.Clear();
        world.Settle();
        Assert.Equal(8, world.View.Moves.Count);
        world.Releases[A] = null;
        world.Advance(120);
        Assert.All(Enumerable.Range(0, 20), b => Assert.Equal(T, world.Owner(b)));
    }
}
