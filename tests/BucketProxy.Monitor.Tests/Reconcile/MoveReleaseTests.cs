using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Reconcile;
using static BucketProxy.Monitor.Tests.Support.PlannedMove;

namespace BucketProxy.Monitor.Tests.Reconcile;

/// <summary>How the old owner lets go in a planned move, by release mode.</summary>
public sealed class MoveReleaseTests
{
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
}
