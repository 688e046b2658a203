using BucketProxy.Cluster.View;
using BucketProxy.Gateway.Gating;

namespace BucketProxy.Gateway.Tests.Gating;

/// <summary>G1, G4, G7, G8: what a gate does about the end of its lease.</summary>
public class GateLeaseTests
{
    private readonly GateDesk _desk = new();

    public GateLeaseTests() => Assert.True(_desk.Opened().IsOpen);

    [Theory]
    [InlineData(6.1, true, false, false)]
    [InlineData(6, false, true, false)] // saving takes 5 s at most, and 1 s is kept
    [InlineData(1, false, true, true)]
    [InlineData(-3, false, true, true)]
    public void Decide_LeaseRunsOut_ClosesThenStopsThenKills(double left, bool open, bool stop, bool kill)
    {
        _desk.Lease = TimeSpan.FromSeconds(left);
        var decision = _desk.Decide();
        Assert.Equal((open, stop, kill), (decision.IsOpen, decision.Stop, decision.Kill));
    }

    [Fact]
    public void Decide_StopAskedFor_IsAskedForOnce()
    {
        _desk.Lease = TimeSpan.FromSeconds(6);
        Assert.True(_desk.Decide().Stop);
        Assert.False(_desk.Decide().Stop);
    }

    [Fact]
    public void Decide_LeaseIsLost_KillsAtOnceAndRegistersOnlyOnceTheRunIsDead()
    {
        _desk.Lease = null;
        Assert.True(_desk.Decide() is { Kill: true, IsOpen: false, Register: false });
        Assert.True(_desk.Happens(new ServerEnded("run1", HasSaved: false)).Decide().Register);
    }

    /// <summary>G7: the new key would vouch for a server that nobody knows to be there.</summary>
    [Fact]
    public void Decide_GuardOut_RegistersWhileTheRunLives()
    {
        _desk.Mutations = GateMutations.RegisterWhileRunning;
        _desk.Lease = null;
        Assert.True(_desk.Decide().Register);
    }

    [Fact]
    public void Decide_RenewedAfterTheStop_TheRunStillEndsAndTheNextIsPublished()
    {
        _desk.Lease = TimeSpan.FromSeconds(5);
        _desk.Decide();
        _desk.Lease = TimeSpan.FromSeconds(20);
        Assert.False(_desk.Decide().IsOpen);
        var decision = _desk.Happens(new ServerEnded("run1", HasSaved: true)).Decide();
        Assert.True(decision is { Start: true, Write: { Incarnation: null, Exited: null } });
        _desk.Writes(decision);
        Assert.True(_desk.Answers("run2").IsOpen);
    }

    [Fact]
    public void Decide_KeyIsGoneFromTheStore_KillsAlthoughTheLeaseSeemsToLive()
    {
        _desk.Show(null);
        Assert.True(_desk.Decide() is { Kill: true, IsOpen: false });
    }

    [Fact]
    public void Decide_KeyIsAnotherInstances_Kills()
    {
        _desk.Show(_desk.State.Written! with { Instance = "g2" });
        Assert.True(_desk.Decide() is { Kill: true, IsOpen: false });
    }

    [Fact]
    public void Decide_WriteRefused_CountsAsLost()
    {
        Assert.True(_desk.Happens(new GateOverwritten()).Decide() is { Kill: true, IsOpen: false });
    }

    /// <summary>G1, where there is no process to stop.</summary>
    [Fact]
    public void Decide_UnsupervisedAndLeaseNotSafe_IsShut()
    {
        Assert.False(IsOpen(GateMutations.None));
        Assert.True(IsOpen(GateMutations.AdmitWithoutLease));

        static bool IsOpen(GateMutations without)
        {
            var desk = new GateDesk(GateDesk.OptionsOf(ReleaseMode.Call, supervised: false)) { Mutations = without };
            desk.Registered().Decide();
            desk.Writes(desk.Happens(new ServerAnswered(desk.State.Run!)).Decide());
            desk.Lease = TimeSpan.FromSeconds(1);
            return desk.Decide().IsOpen;
        }
    }

    [Fact]
    public void Decide_NoLease_StartsNothing()
    {
        _desk.Lease = TimeSpan.FromSeconds(5);
        _desk.Decide();
        Assert.False(_desk.Happens(new ServerEnded("run1", HasSaved: true)).Decide().Start);
        _desk.Lease = TimeSpan.FromSeconds(20);
        Assert.True(_desk.Decide().Start);
    }

    [Fact]
    public void Decide_StopDoesNotEndIt_KilledWhenItsTimeIsOver()
    {
        _desk.Lease = TimeSpan.FromSeconds(6);
        _desk.Decide();
        _desk.Lease = TimeSpan.FromSeconds(20);
        Assert.False(_desk.After(4).Kill);
        Assert.True(_desk.After(1).Kill);
    }

    [Fact]
    public void Decide_NothingToDo_SaysWhenTheLeaseMatters()
    {
        var decision = _desk.Decide();
        Assert.Equal(_desk.Now + TimeSpan.FromSeconds(14), decision.WakeAt);
    }
}
