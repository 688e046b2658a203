using BucketProxy.Cluster.View;
using BucketProxy.Gateway.Gating;

namespace BucketProxy.Gateway.Tests.Gating;

/// <summary>A gate's key, and the life of its server.</summary>
public class GateLifeTests
{
    private readonly GateDesk _desk = new();

    [Fact]
    public void Decide_FirstOfAll_CreatesTheKeyAndStartsNothing()
    {
        _desk.Lease = null;
        var decision = _desk.Decide();
        Assert.True(decision.Register);
        Assert.False(decision.Start || decision.IsOpen);
        Assert.Null(decision.Write);
    }

    [Fact]
    public void Decide_KeyStands_StartsTheServerOnce()
    {
        Assert.True(_desk.Registered().Decide().Start);
        Assert.False(_desk.Decide().Start);
    }

    [Fact]
    public void Decide_KeyIsAnothers_WaitsAndTriesAgain()
    {
        _desk.Decide();
        Assert.False(_desk.Happens(new GateRefused("another gate")).Decide().Register);
        Assert.True(_desk.After(2).Register);
    }

    [Fact]
    public void Decide_ServerAnswers_ItsRunIsPublishedWithTheRegistration()
    {
        _desk.Registered().Decide();
        _desk.Happens(new ServerStarted("run1", null));
        Assert.Null(_desk.Decide().Write?.Incarnation);
        var decision = _desk.Happens(new ServerAnswered("run1")).Decide();
        Assert.Equal("run1", decision.Write?.Incarnation);
        Assert.True(decision.Publishes);
        Assert.False(decision.IsOpen);
    }

    [Fact]
    public void Decide_AnswerOfAnEarlierRun_CountsForNothing()
    {
        _desk.Registered().Decide();
        _desk.Happens(new ServerStarted("run2", null));
        Assert.Null(_desk.Happens(new ServerAnswered("run1")).Decide().Write?.Incarnation);
    }

    [Fact]
    public void Decide_PublishedAndReadBehindThat_Opens() => Assert.True(_desk.Opened().IsOpen);

    /// <summary>G6: a view from before the publication may lack a move that was begun while the run was not known.</summary>
    [Fact]
    public void Decide_PublishedButNotReadBehindThat_StaysShut()
    {
        Assert.False(Unread(GateMutations.None));
        Assert.True(Unread(GateMutations.AdmitBeforeRead));

        static bool Unread(GateMutations without)
        {
            var desk = new GateDesk { Mutations = without };
            desk.Registered().Decide();
            desk.Happens(new ServerStarted("run1", null)).Decide();
            desk.Writes(desk.Happens(new ServerAnswered("run1")).Decide(), shown: false).Decide();
            return desk.After(10).IsOpen;
        }
    }

    [Fact]
    public void Decide_PartAsAProxyIsFenced_StaysShut()
    {
        _desk.Opened();
        _desk.IsServing = false;
        Assert.False(_desk.Decide().IsOpen);
    }

    /// <summary>G9: the gate before this one may have killed its server a moment ago.</summary>
    [Fact]
    public void Decide_NewKey_OpensOnlyOnceALateSaveHasLanded()
    {
        _desk.Registered().Decide();
        _desk.Happens(new ServerStarted("run1", null)).Decide();
        _desk.Writes(_desk.Happens(new ServerAnswered("run1")).Decide());
        Assert.False(_desk.After(4).IsOpen);
        Assert.True(_desk.After(1).IsOpen);
    }

    [Fact]
    public void Decide_ServerDies_SaysSoAtOnceAndStartsAnother()
    {
        _desk.Opened();
        var decision = _desk.Happens(new ServerEnded("run1", HasSaved: false)).Decide();
        Assert.True(decision.Write is { Exited: "run1", Incarnation: "run1", HasExited: true });
        Assert.False(decision.Publishes || decision.IsOpen);
        Assert.True(decision.Start);
    }

    /// <summary>G9: what the dead one had sent to the storage may still land.</summary>
    [Fact]
    public void Decide_NextRunAfterADeath_OpensOnlyOnceALateSaveHasLanded()
    {
        Assert.False(OpenAtOnce(GateMutations.None));
        Assert.True(OpenAtOnce(GateMutations.OpenWithoutLateSave));

        static bool OpenAtOnce(GateMutations without)
        {
            var desk = new GateDesk();
            desk.Opened();
            desk.Mutations = without;
            desk.Writes(desk.Happens(new ServerEnded("run1", HasSaved: false)).Decide());
            desk.Happens(new ServerStarted("run2", null)).Decide();
            desk.Writes(desk.Happens(new ServerAnswered("run2")).Decide());
            return desk.After(4).IsOpen;
        }
    }

    [Fact]
    public void Decide_NextRunAnswers_TheDeadOneIsNoLongerTheOneInCharge()
    {
        _desk.Opened();
        _desk.Writes(_desk.Happens(new ServerEnded("run1", HasSaved: false)).Decide());
        _desk.Happens(new ServerStarted("run2", null)).Decide();
        var record = _desk.Happens(new ServerAnswered("run2")).Decide().Write;
        Assert.True(record is { Incarnation: "run2", Exited: "run1", HasExited: false });
    }

    [Fact]
    public void Decide_StartsFail_PausesGrow()
    {
        _desk.Registered().Decide();
        _desk.Happens(new ServerStarted(null, "no such file"));
        Assert.False(_desk.Decide().Start);
        Assert.True(_desk.After(1).Start);
        _desk.Happens(new ServerStarted(null, "no such file"));
        Assert.False(_desk.Decide().Start);
        Assert.False(_desk.After(1).Start);
        Assert.True(_desk.After(1).Start);
    }

    [Fact]
    public void Decide_ServerNeverAnswers_IsStoppedAndStartedAnew()
    {
        _desk.Registered().Decide();
        _desk.Happens(new ServerStarted("run1", null)).Decide();
        Assert.True(_desk.After(120).Stop);
        Assert.True(_desk.After(5).Kill);
        var decision = _desk.Happens(new ServerEnded("run1", HasSaved: false)).Decide();
        Assert.Null(decision.Write?.Exited);
        Assert.True(_desk.After(1).Start);
    }

    [Fact]
    public void Decide_Unsupervised_AnsweringServerIsPublishedAndNeverKilled()
    {
        var desk = new GateDesk(GateDesk.OptionsOf(ReleaseMode.Call, supervised: false));
        desk.Registered();
        Assert.False(desk.Decide().Start);
        var written = desk.Happens(new ServerAnswered(desk.State.Run!)).Decide();
        Assert.True(written is { Publishes: true, Write.Supervised: false });
        desk.Writes(written);
        Assert.True(desk.Decide().IsOpen);
        desk.Lease = null;
        Assert.True(desk.Decide() is { IsOpen: false, Kill: false, Stop: false, Register: true });
    }
}
