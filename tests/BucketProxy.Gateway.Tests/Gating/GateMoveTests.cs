using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Gating;

namespace BucketProxy.Gateway.Tests.Gating;

/// <summary>G3: what a gate says of moves that take buckets from its node.</summary>
public class GateMoveTests
{
    private static readonly Bucket B = GateDesk.B;
    private static readonly Bucket C = new(0x1c);

    private static GateDesk Opened(ReleaseMode release)
    {
        var desk = new GateDesk(GateDesk.OptionsOf(release));
        Assert.True(desk.Opened().IsOpen);
        return desk;
    }

    [Fact]
    public void Decide_CallAndNotSilent_AsksNothing()
    {
        var desk = Opened(ReleaseMode.Call);
        desk.Move(B);
        var decision = desk.Decide();
        Assert.Empty(decision.Release);
        Assert.Null(decision.Write);
    }

    [Fact]
    public void Decide_CallAndSilent_AsksOnceAndSaysSoWhenDone()
    {
        var desk = Opened(ReleaseMode.Call);
        var move = desk.Move(B);
        desk.FallsSilent(B, move);

        var asked = desk.Decide();
        Assert.Equal(new ReleaseWish(B, null, 5, move), Assert.Single(asked.Release));
        Assert.Equal(move, asked.Write!.Silent[B.ToString()]);
        Assert.Empty(asked.Write.Released);
        Assert.Empty(desk.Decide().Release);

        var done = desk.Happens(new BucketReleased(B.ToString(), move, null)).Decide();
        Assert.Equal(move, done.Write!.Released[B.ToString()]);
    }

    /// <summary>G9: the run before died unsaved, and the leader opens the bucket as soon as it is told that this one has let go.</summary>
    [Theory]
    [InlineData(ReleaseMode.Call)]
    [InlineData(ReleaseMode.Restart)]
    public void Decide_ASaveOfADeadRunMayStillLand_ReleasesNothingUntilThen(ReleaseMode release)
    {
        var desk = Opened(release);
        Assert.True(desk.Happens(new ServerEnded("run1", HasSaved: false)).Decide().Start);
        desk.Happens(new ServerStarted("run2", null)).Decide();
        desk.Writes(desk.Happens(new ServerAnswered("run2")).Decide());
        desk.Decide();
        var move = desk.Move(B);
        desk.FallsSilent(B, move);
        desk.RunIsSilent = true;

        var early = desk.Decide();
        Assert.Equal((0, ServerStep.Running, false), (early.Release.Length, early.State.Step, early.Stop));
        Assert.Empty(early.State.Released);
        Assert.NotNull(early.WakeAt);

        var then = desk.After(desk.Options.LateSaveTime.TotalSeconds);
        Assert.True(release == ReleaseMode.Call ? then.Release.Length == 1 : then.State.Step == ServerStep.Draining);
    }

    [Fact]
    public void Decide_CallFails_SaysWhyAndReleasesNothing()
    {
        var desk = Opened(ReleaseMode.Call);
        var move = desk.Move(B);
        desk.FallsSilent(B, move);
        desk.Decide();
        var record = desk.Happens(new BucketReleased(B.ToString(), move, "it answers 500")).Decide().Write!;
        Assert.Empty(record.Released);
        Assert.Equal("it answers 500", record.Busy[B.ToString()]);
    }

    /// <summary>A move that was given up and begun anew is another one.</summary>
    [Fact]
    public void Decide_ReleaseOfAnEarlierMove_IsNotTheWordForALaterOne()
    {
        var desk = Opened(ReleaseMode.Call);
        var first = desk.Move(B);
        desk.FallsSilent(B, first);
        desk.Decide();
        desk.EndMove(B);
        desk.Decide();
        var second = desk.Move(B);
        desk.Happens(new BucketReleased(B.ToString(), first, null));
        var decision = desk.Decide();
        Assert.Empty(decision.State.Released);
        desk.FallsSilent(B, second);
        Assert.Equal(second, Assert.Single(desk.Decide().Release).Move);
    }

    [Fact]
    public void Decide_MoveIsOver_ItsReleaseIsForgotten()
    {
        var desk = Opened(ReleaseMode.Call);
        var move = desk.Move(B);
        desk.FallsSilent(B, move);
        desk.Decide();
        desk.Writes(desk.Happens(new BucketReleased(B.ToString(), move, null)).Decide()).Decide();
        desk.EndMove(B);
        Assert.Empty(desk.Decide().Write!.Released);
    }

    [Fact]
    public void Decide_MoveOfAnotherNode_IsNotItsAffair()
    {
        var desk = Opened(ReleaseMode.Call);
        desk.FallsSilent(B, desk.Move(B, from: "dtable-server-03"));
        var decision = desk.Decide();
        Assert.Empty(decision.Release);
        Assert.Null(decision.Write);
    }

    [Fact]
    public void Decide_OrphanOfTheRunBefore_IsNotRestartedFor()
    {
        var desk = Opened(ReleaseMode.Restart);
        desk.FallsSilent(B, desk.Move(B, MoveReason.Orphan));
        Assert.Equal(ServerStep.Running, desk.Decide().State.Step);
    }

    [Fact]
    public void Decide_RestartAndAllSilent_ClosesThenStopsThenReleasesAll()
    {
        var desk = Opened(ReleaseMode.Restart);
        var one = desk.Move(B);
        var two = desk.Move(C);
        desk.FallsSilent(B, one);
        Assert.True(desk.Decide().IsOpen); // one more falls silent yet
        desk.FallsSilent(C, two);

        Assert.True(desk.Decide() is { IsOpen: false, Stop: false, State.Step: ServerStep.Draining });
        desk.RunIsSilent = true;
        Assert.True(desk.Decide() is { IsOpen: false, Stop: true, State.Step: ServerStep.Stopping });
        Assert.Empty(desk.State.Released);

        var ended = desk.Happens(new ServerEnded("run1", HasSaved: true)).Decide();
        Assert.Equal(one, ended.Write!.Released[B.ToString()]);
        Assert.Equal(two, ended.Write.Released[C.ToString()]);
        Assert.True(ended is { Start: true, Write: { Incarnation: null, Exited: null } });
        desk.Writes(ended);
        Assert.True(desk.Answers("run2").IsOpen);
        Assert.NotNull(desk.State.RestartTook);
        Assert.NotNull(desk.State.Written!.StartSeconds);
    }

    [Fact]
    public void Decide_RestartDoesNotSave_IsALossAndReleasesNothing()
    {
        var desk = Opened(ReleaseMode.Restart);
        desk.FallsSilent(B, desk.Move(B));
        desk.Decide();
        desk.RunIsSilent = true;
        desk.Decide();
        Assert.True(desk.After(5).Kill);
        var record = desk.Happens(new ServerEnded("run1", HasSaved: false)).Decide().Write!;
        Assert.True(record.HasExited);
        Assert.Empty(record.Released);
    }

    [Fact]
    public void Decide_RequestsRunOn_OpensAgainAndTriesLater()
    {
        var desk = Opened(ReleaseMode.Restart);
        desk.FallsSilent(B, desk.Move(B));
        Assert.False(desk.Decide().IsOpen);
        Assert.True(desk.After(4).IsOpen);
        Assert.True(desk.After(1).IsOpen);
        Assert.False(desk.After(3).IsOpen);
    }

    [Fact]
    public void Decide_MovesAreGivenUpWhileItDrains_OpensAgain()
    {
        var desk = Opened(ReleaseMode.Restart);
        desk.FallsSilent(B, desk.Move(B));
        Assert.False(desk.Decide().IsOpen);
        desk.EndMove(B);
        Assert.True(desk.Decide().IsOpen);
    }

    [Fact]
    public void Decide_MoveFromBeforeTheRunWasPublished_IsReleasedWithoutAnotherRestart()
    {
        var desk = Opened(ReleaseMode.Restart);
        desk.FallsSilent(B, desk.Move(B));
        desk.Decide();
        desk.RunIsSilent = true;
        desk.Decide();
        // It comes while the server is stopping: what it loaded goes with the run, but nobody can say so of this move yet.
        var late = desk.Move(C);
        desk.FallsSilent(C, late);
        desk.Writes(desk.Happens(new ServerEnded("run1", HasSaved: true)).Decide());
        Assert.False(desk.State.Released.ContainsKey(C.ToString()));
        desk.Happens(new ServerStarted("run2", null)).Decide();
        var answered = desk.Happens(new ServerAnswered("run2")).Decide();
        Assert.True(answered is { Stop: false, State.Step: ServerStep.Running });
        var open = desk.Writes(answered).Decide();
        Assert.Equal(late, open.State.Released[C.ToString()]);
        Assert.True(open.IsOpen);
    }

    [Fact]
    public void Decide_RestartDoesNotComeBack_ItsBucketsAreOrphans()
    {
        var desk = Opened(ReleaseMode.Restart);
        desk.FallsSilent(B, desk.Move(B));
        desk.Decide();
        desk.RunIsSilent = true;
        desk.Decide();
        desk.Writes(desk.Happens(new ServerEnded("run1", HasSaved: true)).Decide());
        desk.Happens(new ServerStarted(null, "no such file"));
        Assert.False(desk.After(100).Write is { HasExited: true });
        Assert.True(desk.After(30).Write is { HasExited: true, Exited: "run1" });
    }

    [Theory]
    [InlineData(ReleaseMode.Call)]
    [InlineData(ReleaseMode.Restart)]
    public void Decide_GuardOut_ReleasesBeforeTheServerHas(ReleaseMode release)
    {
        var desk = Opened(release);
        desk.Mutations = GateMutations.ReleaseWithoutServer;
        var move = desk.Move(B);
        desk.FallsSilent(B, move);
        Assert.Equal(move, desk.Decide().State.Released[B.ToString()]);
    }
}
