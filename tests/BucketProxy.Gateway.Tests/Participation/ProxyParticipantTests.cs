using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Participation;

namespace BucketProxy.Gateway.Tests.Participation;

public class ProxyParticipantTests
{
    private static readonly Bucket B = new(0x0f);
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(2);

    private static ProxyState State(
        ProxyPhase phase = ProxyPhase.Joining, long registeredAt = 0, StoreLossMode mode = StoreLossMode.Serve) =>
        new() { Instance = "p1", Phase = phase, RegisteredAt = registeredAt, OnStoreLoss = mode };

    private static ClusterView View(long revision, bool known = true, params MoveRecord[] moves)
    {
        var view = new ClusterView { ClusterId = 1, Revision = revision };
        if (known)
            view = view with { Proxies = view.Proxies.Add("p1", new ProxyRecord()) };
        return view with { Moves = moves.ToImmutableSortedDictionary(m => m.Bucket, m => m) };
    }

    private static MoveRecord Move(long createRevision) => new()
    {
        Bucket = B,
        From = "dtable-server-01",
        To = "dtable-server-02",
        Phase = MovePhase.Quiesce,
        CreateRevision = createRevision,
    };

    private static RoutingTable Table(long revision, EntryState state = EntryState.Open, long moveRevision = 0)
    {
        var node = new NodeRecord { Id = "dtable-server-01", LocalUrl = new Uri("http://127.0.0.1:1"), LocalUrlText = "http://127.0.0.1:1/" };
        return new RoutingTable(1, revision,
            [.. Bucket.All.Select(b => new RoutingEntry
            {
                Bucket = b, State = b == B ? state : EntryState.Open, Owner = node, Epoch = 1, MoveRevision = b == B ? moveRevision : 0,
            })],
            [], [node]);
    }

    private static ProxyDecision Decide(
        ProxyState state, ClusterView? view, RoutingTable? table = null, double? lease = 10, bool silent = false) =>
        ProxyParticipant.Decide(new ProxyInput
        {
            State = state,
            View = view,
            Published = table ?? RoutingTable.Empty,
            LeaseRemaining = lease is { } s ? TimeSpan.FromSeconds(s) : null,
            FenceMargin = Margin,
            IsSilent = (_, _) => silent,
        });

    [Fact]
    public void Decide_NotRegistered_RegistersAndServesNothing()
    {
        var decision = Decide(State(), View(7, known: false), lease: null);
        Assert.True(decision.Register);
        Assert.False(decision.Publish);
        Assert.Equal(ProxyPhase.Joining, decision.State.Phase);
    }

    /// <summary>A successor that serves its predecessor's table from disk registered at 7. A move that was begun at 6 waits for the predecessor alone.</summary>
    [Theory]
    [InlineData(null, 0, false, false)] // the table in force is still the one from disk
    [InlineData(8L, 0, false, true)] // a table of its own, and no move that is older than it
    [InlineData(8L, 6, false, false)] // requests by the table from disk may still be under way
    [InlineData(8L, 6, true, true)] // none is
    [InlineData(9L, 8, false, true)] // a younger move waits for this proxy itself
    public void Decide_SuccessorFromDisk_ReleasesItsPredecessorWhenNoOlderMoveHangsOnIt(long? published, long move, bool silent, bool released)
    {
        var state = State(ProxyPhase.Serving, registeredAt: 7) with { KeepsPredecessors = true };
        var table = published is { } revision
            ? Table(revision, move > 0 ? EntryState.Moving : EntryState.Open, move)
            : new RoutingTable(1, 5, Table(5).Buckets, [], [], stale: true);

        var decision = Decide(state, View(9, moves: move > 0 ? [Move(move)] : []), table, silent: silent);

        Assert.Equal(released, decision.ReleasePredecessors);
    }

    [Fact]
    public void Decide_ViewFromBeforeTheRegistration_IsNotServed()
    {
        // Such a view may lack a move for which the list of proxies was read without this one.
        var decision = Decide(State(registeredAt: 8), View(7));
        Assert.False(decision.Publish);
        Assert.Equal(ProxyPhase.Joining, decision.State.Phase);
    }

    [Fact]
    public void Decide_ViewFromTheRegistrationOn_IsServed()
    {
        var decision = Decide(State(registeredAt: 8), View(8));
        Assert.True(decision.Publish);
        Assert.Equal(ProxyPhase.Serving, decision.State.Phase);
    }

    [Fact]
    public void Decide_SameViewPublished_AsksForNothing()
    {
        var decision = Decide(State(ProxyPhase.Serving, 8), View(9), Table(9));
        Assert.False(decision.Publish || decision.Register || decision.Report || decision.Fence);
    }

    [Fact]
    public void Decide_MoveNotYetPublished_ReportsNoSilence()
    {
        // S2: the table in force still lets requests through.
        var decision = Decide(State(ProxyPhase.Serving, 8), View(9, true, Move(9)), Table(8), silent: true);
        Assert.True(decision.Publish);
        Assert.False(decision.Report);
        Assert.Empty(decision.State.Silent);
    }

    [Fact]
    public void Decide_TableHoldsAnOlderMove_ReportsNoSilence()
    {
        var decision = Decide(
            State(ProxyPhase.Serving, 8), View(12, true, Move(11)), Table(9, EntryState.Moving, 9), silent: true);
        Assert.Empty(decision.State.Silent);
    }

    [Fact]
    public void Decide_MovePublishedAndBusy_ReportsNoSilence()
    {
        var decision = Decide(
            State(ProxyPhase.Serving, 8), View(9, true, Move(9)), Table(9, EntryState.Moving, 9), silent: false);
        Assert.False(decision.Report);
    }

    [Fact]
    public void Decide_MovePublishedAndSilent_ReportsThisVeryMove()
    {
        var decision = Decide(
            State(ProxyPhase.Serving, 8), View(9, true, Move(9)), Table(9, EntryState.Moving, 9), silent: true);
        Assert.True(decision.Report);
        Assert.Equal(9, decision.State.Silent["0f"]);
    }

    [Fact]
    public void Decide_ReportNotAcknowledged_ReportsAgain()
    {
        var first = Decide(
            State(ProxyPhase.Serving, 8), View(9, true, Move(9)), Table(9, EntryState.Moving, 9), silent: true);
        var again = Decide(first.State, View(9, true, Move(9)), Table(9, EntryState.Moving, 9), silent: true);
        Assert.True(again.Report);
        var acknowledged = Decide(
            first.State with { Reported = first.State.Silent }, View(9, true, Move(9)), Table(9, EntryState.Moving, 9), silent: true);
        Assert.False(acknowledged.Report);
    }

    [Fact]
    public void Decide_MoveEnded_TakesTheReportBack()
    {
        var silent = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal).Add("0f", 9);
        var decision = Decide(State(ProxyPhase.Serving, 8) with { Silent = silent, Reported = silent }, View(11), Table(11));
        Assert.True(decision.Report);
        Assert.Empty(decision.State.Silent);
    }

    [Fact]
    public void Decide_Forgotten_FencesAndRegistersAnew()
    {
        var decision = Decide(State(ProxyPhase.Serving, 8), View(9, known: false), Table(8));
        Assert.True(decision.Fence);
        Assert.True(decision.Register);
        Assert.False(decision.Publish);
        Assert.Equal(0, decision.State.RegisteredAt);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Decide_SuccessorFromDiskBeforeItIsKnown_StopsWhenItsPredecessorIsForgotten(bool stands)
    {
        var view = View(9, known: false);
        if (stands)
            view = view with { Proxies = view.Proxies.Add("old", new ProxyRecord()) };
        var decision = ProxyParticipant.Decide(new ProxyInput
        {
            State = State(ProxyPhase.Serving) with { KeepsPredecessors = true },
            View = view,
            Published = Table(8),
            Predecessors = ["older", "old"],
            LeaseRemaining = null,
            IsSilent = (_, _) => true,
        });
        // S3: nobody waits for it, neither by its own name nor by the one whose table it serves.
        Assert.Equal(!stands, decision.Fence);
        Assert.Equal(stands, decision.Publish);
        Assert.Equal(stands, decision.State.KeepsPredecessors);
        Assert.True(decision.Register);
    }

    [Fact]
    public void Decide_ServeAndLeaseLost_GoesOnAndPutsALeaseAnew()
    {
        var decision = Decide(State(ProxyPhase.Serving, 8), View(9), Table(8), lease: null);
        Assert.False(decision.Fence);
        Assert.True(decision.Register);
        Assert.True(decision.Publish);
    }

    [Theory]
    [InlineData(StoreLossMode.Serve)]
    [InlineData(StoreLossMode.Fence)]
    public void Decide_NewLeaseBeforeTheRegistration_IsNotYetKnown(StoreLossMode mode)
    {
        var lost = Decide(State(ProxyPhase.Serving, 8, mode), View(9), Table(9), lease: null);
        // S3: the write that puts the alive key under the new lease may be lost; until it stands, the proxy counts as lost.
        var again = Decide(lost.State, View(30), Table(30));
        Assert.True(again.Register);
        Assert.Equal(mode == StoreLossMode.Fence ? ProxyPhase.Fenced : ProxyPhase.Serving, again.State.Phase);

        var registered = Decide(again.State with { RegisteredAt = 30, Lapsed = false }, View(30), Table(9));
        Assert.False(registered.Register);
        Assert.Equal(ProxyPhase.Serving, registered.State.Phase);
    }

    [Theory]
    [InlineData(2.0, true)]
    [InlineData(2.1, false)]
    public void Decide_FenceAndLeaseWithinMargin_StopsEverything(double remaining, bool fences)
    {
        var decision = Decide(
            State(ProxyPhase.Serving, 8, StoreLossMode.Fence), View(9), Table(9), lease: remaining);
        Assert.Equal(fences, decision.Fence);
        Assert.Equal(fences ? ProxyPhase.Fenced : ProxyPhase.Serving, decision.State.Phase);
    }

    [Fact]
    public void Decide_FencedAndLeaseLost_ServesOnlyAViewFromAfterTheNewRegistration()
    {
        var fenced = Decide(State(ProxyPhase.Serving, 8, StoreLossMode.Fence), View(9), Table(9), lease: null);
        Assert.True(fenced is { Fence: true, Register: true, Publish: false });

        var registered = fenced.State with { RegisteredAt = 20, Lapsed = false };
        Assert.False(Decide(registered, View(19), Table(9)).Publish);
        Assert.True(Decide(registered, View(20), Table(9)).Publish);
    }
}
