using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>G3: a planned move off a node behind a gate rests on the gate's word about this very move, and on nothing else.</summary>
public sealed class GatedMoveTests
{
    private const string A = "dtable-server-a";
    private const string T = "dtable-server-t";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Drain_GateReleases_MovesEverythingWithoutAskingAnybodyElse(bool supervised)
    {
        var world = Draining(supervised: supervised);
        world.Proxy("busy", quiet: false);
        world.Proxy("lost", quiet: false);
        world.LoseProxy("lost");
        world.Releasing.Add(A);
        world.Settle();

        Assert.All(world.Owners, owner => Assert.Equal(T, owner));
        Assert.Empty(world.View.Moves);
        Assert.Empty(world.View.Uncleans);
        Assert.DoesNotContain(world.Actions, a => a is ListProxiesAction or CallReleaseAction or RunRestartAction);
    }

    [Fact]
    public void Drain_GateIsSilentOnly_IsNotGranted()
    {
        var world = Draining(buckets: 1);
        world.Settle();
        world.Silent(A, 0);
        world.Advance(5);
        Assert.Equal((A, MovePhase.Quiesce), (world.Owner(0), world.Move(0)!.Phase));

        world.Mutations = Mutations.GrantWithoutReleased;
        world.Settle();
        Assert.Equal(T, world.Owner(0));
    }

    [Fact]
    public void Drain_GateReleasedAnEarlierMove_IsNotTakenForThisOne()
    {
        var world = Draining(buckets: 1);
        world.Settle();
        world.Release(A, 0, world.Move(0)!.CreateRevision - 1);
        world.Advance(3);
        Assert.Equal((A, MovePhase.Quiesce), (world.Owner(0), world.Move(0)!.Phase));

        world.Mutations = Mutations.OldReleaseCounts;
        world.Settle();
        Assert.Equal(T, world.Owner(0));
    }

    [Fact]
    public void Drain_GateIsBusyTooLong_AbortsAndSaysWithWhat()
    {
        var world = Draining(buckets: 1);
        world.Settle();
        world.Change(A, g => g with { Busy = g.Busy.SetItem("00", "POST /api/v1/dtables/… for 7 s") });
        world.Advance(3.9);
        Assert.NotNull(world.Move(0));
        world.Advance(0.2);

        Assert.Null(world.Move(0));
        Assert.Equal(A, world.Owner(0));
        Assert.Contains("busy with POST", Assert.Single(world.Audit("abort")).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Drain_ServerDoesNotLetGo_AbortsWithTheGatesWord()
    {
        var world = Draining(buckets: 1);
        world.Settle();
        world.Silent(A, 0);
        world.Change(A, g => g with { Busy = g.Busy.SetItem("00", "503: saving") });
        world.Advance(18.9);
        Assert.NotNull(world.Move(0));
        world.Advance(0.2);

        Assert.Null(world.Move(0));
        Assert.Equal(A, world.Owner(0));
        var why = Assert.Single(world.Audit("abort")).Why;
        Assert.Contains("did not release it in 15 s: 503: saving", why, StringComparison.Ordinal);
    }

    [Fact]
    public void Drain_ReleaseAfterTheAbort_IsOfNoUseToTheNextMove()
    {
        var world = Draining(buckets: 1);
        world.Settle();
        var first = world.Move(0)!.CreateRevision;
        world.Advance(4.1);
        world.Release(A, 0, first);
        world.Advance(6);
        Assert.NotNull(world.Move(0));
        Assert.Equal(A, world.Owner(0));
    }

    [Fact]
    public void Drain_GateCanNeitherCallNorRestart_IsRefusedWithTheReason()
    {
        var world = Draining(ReleaseMode.None);
        world.Advance(60);
        Assert.All(world.Owners, owner => Assert.Equal(A, owner));
        Assert.Empty(world.Audit("abort"));
        Assert.Contains("release mode none", world.Alarm(AlarmKind.MoveRefused)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Drain_ConfiguredReleaseMode_DoesNotCountBehindAGate()
    {
        var world = Draining(buckets: 1);
        world.Options = world.Options with { Nodes = [new NodeOptions { Id = A, Register = false, Release = ReleaseMode.Watch }] };
        world.Advance(3);
        Assert.Equal((A, MovePhase.Quiesce), (world.Owner(0), world.Move(0)!.Phase));
        Assert.Contains("releases by 'call'", world.Alarm(AlarmKind.GateContradicted)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pin_OwnerBehindAGate_MovesOnItsWord()
    {
        var world = Draining(buckets: 1);
        world.Policy(A, new NodePolicy());
        Assert.True(BasePrefix.TryParse("00000000", out var pin));
        world.Put(world.Keys.PinPolicy(pin), T);
        world.Settle();
        Assert.Equal(pin, world.Move(0)!.Pin);
        Assert.Equal(A, world.View.Pins[pin].Owner);

        world.Releasing.Add(A);
        world.Settle();
        Assert.Equal((T, A), (world.View.Pins[pin].Owner, world.Owner(0)));
    }

    [Fact]
    public void Restart_Drain_EverythingJoinsUntilTheFirstIsSilent()
    {
        var world = Draining(ReleaseMode.Restart, buckets: 20);
        world.Settle();
        Assert.Equal(20, world.View.Moves.Count);
        Assert.DoesNotContain(world.Actions, a => a is RunRestartAction);

        world.Release(A, 0);
        world.Settle();
        Assert.Equal(T, world.Owner(0));
    }

    [Fact]
    public void Restart_FirstIsSilent_NothingJoins()
    {
        var world = Draining(ReleaseMode.Restart);
        world.BeforeWrite = write => write.Subject != "move/03";
        world.Settle();
        Assert.Equal(3, world.View.Moves.Count);
        world.Silent(A, 0);
        world.BeforeWrite = null;
        world.Advance(2);
        Assert.Null(world.Move(3));

        // Restarted: the run that was is gone, and one that could give up more is not there yet.
        world.Change(A, g => g with { Incarnation = null });
        for (var b = 0; b < 3; b++)
            world.Release(A, b);
        world.Advance(2);
        Assert.Equal([T, T, T, A], world.Owners);
        Assert.Null(world.Move(3));
        world.ServerRuns(A, "t2");
        world.Settle();
        Assert.NotNull(world.Move(3));
    }

    [Fact]
    public void Leader_GoesInMidMove_TheNextGoesOn()
    {
        var world = Draining(buckets: 1);
        world.Settle();
        world.Silent(A, 0);
        world.Settle();
        world.Lead("monitor-2");
        world.Settle();
        Assert.Equal(A, world.Owner(0));
        world.Release(A, 0);
        world.Settle();
        Assert.Equal(T, world.Owner(0));
    }

    [Fact]
    public void Move_SilentThenReleased_TellsHowLongEachTook()
    {
        var world = Draining(buckets: 1);
        world.Settle();
        world.Advance(2);
        world.Silent(A, 0);
        world.Advance(5);
        world.Release(A, 0);
        world.Settle();
        var phases = Assert.Single(world.Audit("move")).Phases!;
        Assert.Equal((2000, 5000), (phases.Quiesce, phases.Release));
    }

    [Fact]
    public void Drain_ByForce_GoesOnWithoutTheGatesWordAndIsWrittenDown()
    {
        var world = Draining(buckets: 1);
        world.Policy(A, new NodePolicy { Draining = true, ForceDrain = true });
        world.Settle();
        world.Advance(3.9);
        Assert.Equal(A, world.Owner(0));
        world.Advance(0.2);
        Assert.Equal(T, world.Owner(0));
        Assert.Equal((A, "t1"), (world.View.Uncleans[world.Buckets[0]].Processes[0].NodeId, world.View.Uncleans[world.Buckets[0]].Processes[0].StartTime));
    }

    [Fact]
    public void LostProxy_OnlyGatedNodes_IsNoAlarm()
    {
        var world = Draining();
        world.Proxy("lost", quiet: false);
        world.LoseProxy("lost");
        world.Settle();
        Assert.NotNull(world.Alarm(AlarmKind.BlockingProxy));
        world.GateComes(T);
        world.ServerRuns(T);
        world.Settle();
        Assert.Null(world.Alarm(AlarmKind.BlockingProxy));
    }

    [Fact]
    public void LostProxy_GatedAndOthers_BlocksTheOthersOnly()
    {
        var world = Draining(buckets: 1);
        world.Proxy("lost", quiet: false);
        world.LoseProxy("lost");
        world.Releasing.Add(A);
        world.Advance(1);
        Assert.Equal(T, world.Owner(0));

        world.Policy(A, new NodePolicy());
        world.Policy(T, new NodePolicy { Draining = true });
        world.Advance(60);
        Assert.Equal(T, world.Owner(0));
        Assert.Empty(world.View.Moves);
    }

    [Fact]
    public void Drain_GateKeyDeletedByHand_KeepsItsBucketsWithAnAlarm()
    {
        var world = Draining();
        world.Delete(world.Keys.Gate(A));
        world.Advance(60);
        Assert.All(world.Owners, owner => Assert.Equal(A, owner));
        Assert.Contains("its gate's key is not there", world.Alarm(AlarmKind.GateContradicted)!.Message, StringComparison.Ordinal);
        Assert.Contains("gate of " + A, world.Alarm(AlarmKind.MoveRefused)!.Message, StringComparison.Ordinal);
    }

    /// <summary>A, behind a gate, has everything and is drained; T, without one, is there to take it.</summary>
    private static World Draining(ReleaseMode mode = ReleaseMode.Call, int buckets = 4, bool supervised = true)
    {
        var world = new World(buckets: buckets);
        world.Gated(A, mode, supervised);
        for (var b = 0; b < buckets; b++)
            world.Assign(b, A);
        world.Settle();
        world.Register(T);
        world.Settle();
        world.Actions.Clear();
        world.Policy(A, new NodePolicy { Draining = true });
        return world;
    }
}
