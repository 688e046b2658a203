using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>A planned move, step by step: DESIGN.md, "A planned move".</summary>
public sealed class PlannedMoveTests
{
    private const string A = "dtable-server-a";
    private const string T = "dtable-server-t";

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
    public void Release_Call_CarriesBucketAndEpochAndGrantsAfterSuccess()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        world.Releases.Clear();
        var epoch = world.View.Assignments[world.Buckets[0]].Epoch;
        world.Settle();

        var call = Assert.Single(world.Actions.OfType<CallReleaseAction>());
        Assert.Equal((A, "http://" + A, epoch), (call.Node, call.LocalUrl, call.Epoch));
        Assert.Equal(A, world.Owner(0));
        Assert.Equal(MovePhase.Release, world.Move(0)!.Phase);
    }

    [Fact]
    public void Release_NoAnswerInTime_AbortsAndTheOldOwnerGoesOn()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        world.Releases.Clear();
        world.Advance(15.5);
        Assert.Null(world.Move(0));
        Assert.Equal(A, world.Owner(0));
        Assert.Contains("did not release", Assert.Single(world.Audit("abort")).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Release_Refused_AbortsAtOnceWithTheReason()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        world.Releases[A] = "503: saving";
        world.Settle();
        Assert.Equal(A, world.Owner(0));
        Assert.Contains("503: saving", Assert.Single(world.Audit("abort")).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Release_NewLeaderInMidRelease_AsksAgainAndGoesOn()
    {
        var world = Draining(ReleaseMode.Call, buckets: 1);
        world.Releases.Clear();
        world.Settle();
        Assert.Equal(MovePhase.Release, world.Move(0)!.Phase);

        world.Lead("monitor-2");
        world.Releases[A] = null;
        world.Settle();
        Assert.Equal(T, world.Owner(0));
        Assert.Equal(2, world.Actions.OfType<CallReleaseAction>().Count());
    }

    [Fact]
    public void Watch_Granted_OpensOnlyAfterTheSettleTime()
    {
        var world = Draining(ReleaseMode.Watch, buckets: 1);
        world.Settle();
        Assert.Equal(T, world.Owner(0));
        Assert.Equal(MovePhase.Settling, world.Move(0)!.Phase);
        Assert.DoesNotContain(world.Actions, a => a is CallReleaseAction);

        world.Advance(1.9);
        Assert.NotNull(world.Move(0));
        world.Advance(0.2);
        Assert.Null(world.Move(0));

        var mutant = Draining(ReleaseMode.Watch, buckets: 1);
        mutant.Mutations = Mutations.OpenWithoutSettling;
        mutant.Settle();
        Assert.Null(mutant.Move(0));
    }

    [Fact]
    public void Watch_NewLeaderWhileSettling_WaitsAWholeSettleTimeAgain()
    {
        var world = Draining(ReleaseMode.Watch, buckets: 1);
        world.Advance(1.9);
        world.Lead("monitor-2");
        world.Advance(1.9);
        Assert.NotNull(world.Move(0));
        world.Advance(0.2);
        Assert.Null(world.Move(0));
    }

    [Fact]
    public void None_Drain_IsRefusedWithTheReason()
    {
        var world = Draining(ReleaseMode.None);
        world.Advance(60);
        Assert.Equal([A, A, A, A], Enumerable.Range(0, 4).Select(world.Owner));
        Assert.Empty(world.Audit("abort"));
        var alarm = world.Alarm(AlarmKind.MoveRefused)!;
        Assert.Equal(A, alarm.Subject);
        Assert.Contains("release mode none", alarm.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Restart_Drain_OneRestartGivesUpEverythingThatIsQuiet()
    {
        var world = Draining(ReleaseMode.Restart, buckets: 20);
        world.Settle();
        var restart = Assert.Single(world.Actions.OfType<RunRestartAction>());
        Assert.Equal("systemctl restart " + A, string.Join(' ', restart.Command));
        Assert.All(Enumerable.Range(0, 20), b => Assert.Equal(T, world.Owner(b)));
        Assert.Empty(world.View.Uncleans);
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

    private static World Draining(ReleaseMode mode, int buckets = 4)
    {
        var world = new World(new MonitorOptions
        {
            Nodes =
            [
                new NodeOptions
                {
                    Id = A, LocalNodeUrl = "http://" + A, Register = false, Release = mode, RestartCommand = ["systemctl", "restart", "{node}"],
                },
            ],
        }, buckets);
        world.Register(A);
        for (var b = 0; b < buckets; b++)
            world.Assign(b, A);
        world.Proxy("p1");
        world.Settle();
        world.Register(T);
        world.Settle();
        world.Actions.Clear();
        world.Releases[A] = null;
        world.Policy(A, new NodePolicy { Draining = true });
        return world;
    }
}
