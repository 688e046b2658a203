using BucketProxy.Core.Bases;
using BucketProxy.Core.Planning;
using static BucketProxy.Core.Tests.Planning.PlannerCases;

namespace BucketProxy.Core.Tests.Planning;

public sealed class PlannerTests
{
    private static readonly BasePrefix Pin = BasePrefix.Of(BaseId.Parse("0f84e1a1-66e2-4a3b-9c1d-0123456789ab"));

    private static PlannerInput Even(int nodes) => Input(Servers(nodes), b => Id(b % nodes));

    private static PlannerInput With(PlannerInput input, int node, Func<PlannerNode, PlannerNode> change) =>
        input with { Nodes = [.. input.Nodes.Select(n => n.Id == Id(node) ? change(n) : n)] };

    [Fact]
    public void Plan_NothingAssigned_GivesEachNodeItsShare()
    {
        var input = Input(Servers(16), _ => null) with { Scope = PlanScope.Required };
        Assert.All(CountsAfter(input).Values, c => Assert.Equal(16, c));
        Assert.All(Planner.Plan(input).Moves, m => Assert.Equal((null, PlanReason.Orphan), (m.From, m.Reason)));
    }

    [Fact]
    public void Plan_NodeJoins_MovesOnlyItsShareAndOnlyOnRebalance()
    {
        var input = Input(Servers(4), b => Id(b % 3));
        Assert.Empty(Planner.Plan(input with { Scope = PlanScope.Required }).Moves);

        var moves = Planner.Plan(input).Moves;
        Assert.Equal(64, moves.Length);
        Assert.All(moves, m => Assert.Equal((Id(3), PlanReason.Balance), (m.To, m.Reason)));
    }

    [Fact]
    public void Plan_NodeGone_MovesOnlyItsBuckets()
    {
        var input = Input(Servers(4)[..3], b => Id(b % 4)) with { Scope = PlanScope.Required };
        var moves = Planner.Plan(input).Moves;
        Assert.Equal(64, moves.Length);
        Assert.All(moves, m => Assert.Equal((Id(3), PlanReason.Orphan), (m.From, m.Reason)));
        Assert.All(CountsAfter(input).Values, c => Assert.InRange(c, 85, 86));
    }

    [Fact]
    public void Plan_Weights_AreSharesRoundedDownOrUp()
    {
        var nodes = Servers(3);
        var input = Input([nodes[0], nodes[1] with { Weight = 2 }, nodes[2] with { Weight = 0.5 }], _ => Id(0));
        var counts = CountsAfter(input);
        Assert.InRange(counts[Id(0)], 73, 74);
        Assert.InRange(counts[Id(1)], 146, 147);
        Assert.InRange(counts[Id(2)], 36, 37);
    }

    [Fact]
    public void Plan_Capacity_IsKeptAndItsRestShared()
    {
        var counts = CountsAfter(With(Input(Servers(3), _ => Id(0)), 1, n => n with { Capacity = 10 }));
        Assert.Equal((123, 10, 123), (counts[Id(0)], counts[Id(1)], counts[Id(2)]));
    }

    [Fact]
    public void Plan_CapacityOfAllTooSmall_StillGivesEveryBucketAnOwner()
    {
        var input = Input([.. Servers(2).Select(n => n with { Capacity = 100 })], _ => null);
        Assert.All(CountsAfter(input).Values, c => Assert.Equal(128, c));
    }

    [Fact]
    public void Plan_DrainingNode_GivesAllAwayAtOnceWhateverTheBudget()
    {
        var input = With(Even(4), 1, n => n with { Draining = true }) with { Scope = PlanScope.Required };
        var moves = Planner.Plan(input).Moves;
        Assert.Equal(64, moves.Length);
        Assert.All(moves, m => Assert.Equal((Id(1), PlanReason.Drain), (m.From, m.Reason)));
    }

    [Fact]
    public void Plan_DrainingNodeThatCannotRelease_IsRefusedWithTheReason()
    {
        var plan = Planner.Plan(With(Even(4), 1, n => n with { Draining = true, CanRelease = false }));
        Assert.Empty(plan.Moves);
        Assert.Equal(64, plan.Refused.Length);
        Assert.All(plan.Refused, r => Assert.Contains("release mode none", r.Why));
    }

    [Fact]
    public void Plan_RebalanceOffNodesThatCannotRelease_IsRefusedMoveByMove()
    {
        var input = Input([.. Servers(3).Select(n => n with { CanRelease = false })], b => Id(b % 2));
        var plan = Planner.Plan(input);
        Assert.Empty(plan.Moves);
        Assert.Equal(85, plan.Refused.Length);
        Assert.All(plan.Refused, r => Assert.Equal((Id(2), PlanReason.Balance), (r.To, r.Reason)));
    }

    [Fact]
    public void Plan_LastNodeDrains_IsRefusedBecauseThereIsNoOther()
    {
        var plan = Planner.Plan(With(Even(1), 0, n => n with { Draining = true }));
        Assert.Empty(plan.Moves);
        Assert.All(plan.Refused, r => Assert.Equal("there is no node that may take it", r.Why));
    }

    [Fact]
    public void Plan_CordonedNode_KeepsWhatItHasAndGetsNothing()
    {
        var input = With(Input(Servers(3), b => b < 40 ? Id(1) : b < 200 ? Id(0) : null), 1, n => n with { Cordoned = true });
        Assert.Equal(40, CountsAfter(input)[Id(1)]);
    }

    [Fact]
    public void Plan_SuspectNode_KeepsWhatItHasEvenWhenDraining()
    {
        var input = With(Even(3), 1, n => n with { Suspect = true, Draining = true });
        var plan = Planner.Plan(input);
        Assert.DoesNotContain(plan.Moves, m => m.From == Id(1) || m.To == Id(1));
        Assert.All(plan.Refused, r => Assert.Contains("may be alive", r.Why));
    }

    [Fact]
    public void Plan_ProcessThatLostABucketUncleanly_NeverGetsItBack()
    {
        // S9. Two nodes, one of them barred from everything: the other must take all.
        var input = Input(Servers(2), _ => null) with { Forbidden = Bucket.All.Select(b => (b, Id(0))).ToHashSet() };
        Assert.Equal(256, CountsAfter(input)[Id(1)]);
        var nobody = Planner.Plan(input with { Nodes = Servers(1) });
        Assert.Empty(nobody.Moves);
        Assert.Equal(256, nobody.Refused.Length);
    }

    [Fact]
    public void Plan_BucketOnTheMove_IsLeftAlone()
    {
        var input = Input(Servers(1), b => "dtable-server-gone") with { Busy = new HashSet<Bucket> { B(7) } };
        Assert.DoesNotContain(Planner.Plan(input).Moves, m => m.Bucket == B(7));
        Assert.Equal(255, Planner.Plan(input).Moves.Length);
    }

    [Fact]
    public void Plan_SameLoadEverywhere_PrefersBucketsWithFewSockets()
    {
        var sockets = new LoadSample(Bucket.All.ToDictionary(b => b, b => new PlannerLoad(10, b.Index < 200 ? 500 : 0)));
        var moves = Planner.Plan(Input(Servers(5), b => Id(b % 4)) with { Loads = [sockets] }).Moves;
        Assert.All(moves, m => Assert.True(m.Bucket.Index >= 200, $"{m}"));
    }

    [Fact]
    public void Plan_UnevenLoad_SwapsWithinTheBudgetAndGetsEven()
    {
        // Node 0 has all the busy buckets, and no room in the count band.
        var sample = new LoadSample(Bucket.All.ToDictionary(b => b, b => new PlannerLoad(b.Index % 4 == 0 && b.Index < 80 ? 100 : 1)));
        var input = Even(4) with { Loads = [sample, sample, sample] };
        var plan = Planner.Plan(input);
        // C1: 9 % of 256 are 23, so 11 swaps of a busy bucket for a quiet one.
        Assert.Equal(22, plan.Moves.Length);
        Assert.All(plan.Moves, m => Assert.Equal(PlanReason.Load, m.Reason));
        var before = LoadForecast.Report(input);
        var after = LoadForecast.Report(plan.Apply(input));
        Assert.Equal(before.Busiest - 11 * 99, after.Busiest, 6);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Plan_PeakInTooFewSamples_IsNoReasonToMove(int peaks)
    {
        var peak = new LoadSample(Bucket.All.ToDictionary(b => b, b => new PlannerLoad(b.Index % 4 == 0 ? 100 : 10)));
        var calm = new LoadSample(Bucket.All.ToDictionary(b => b, _ => new PlannerLoad(25)));
        var samples = Enumerable.Repeat(calm, 3 - peaks).Concat(Enumerable.Repeat(peak, peaks)).ToArray();
        Assert.Equal(peaks == 3, !Planner.Plan(Even(4) with { Loads = samples }).Moves.IsEmpty);
        Assert.Empty(Planner.Plan(Even(4) with { Loads = samples[^2..] }).Moves);
    }

    [Fact]
    public void Plan_LoadBelowTheUpperThreshold_IsLeftAlone()
    {
        var sample = new LoadSample(Bucket.All.ToDictionary(b => b, b => new PlannerLoad(b.Index % 4 == 0 ? 118 : 100)));
        Assert.Empty(Planner.Plan(Even(4) with { Loads = [sample, sample, sample] }).Moves);
    }

    [Fact]
    public void Plan_RestingBuckets_AreNotMovedForLoad()
    {
        var sample = new LoadSample(Bucket.All.ToDictionary(b => b, b => new PlannerLoad(b.Index % 4 == 0 ? 100 : 10)));
        var input = Even(4) with { Loads = [sample, sample, sample] };
        var all = input with { SinceMove = Bucket.All.ToDictionary(b => b, _ => TimeSpan.FromMinutes(9)) };
        Assert.NotEmpty(Planner.Plan(input).Moves);
        Assert.Empty(Planner.Plan(all).Moves);
        Assert.NotEmpty(Planner.Plan(all with { SinceMove = Bucket.All.ToDictionary(b => b, _ => TimeSpan.FromMinutes(10)) }).Moves);
    }

    [Fact]
    public void Plan_StaticPlacement_IsAllThatCounts()
    {
        var map = Bucket.All.ToDictionary(b => b, b => Id(b.Index < 160 ? 0 : 1));
        var input = Input(Servers(3), _ => null) with { StaticPlacement = map };
        var counts = CountsAfter(input);
        Assert.Equal((160, 96), (counts[Id(0)], counts[Id(1)]));

        var settled = Planner.Plan(input).Apply(input);
        Assert.Empty(Planner.Plan(With(settled, 0, n => n with { Draining = true })).Moves);
        // Nothing fails over.
        Assert.Empty(Planner.Plan(settled with { Nodes = Servers(3)[1..] }).Moves);
    }

    [Fact]
    public void Plan_PinSet_MovesThePinAndNotItsBucket()
    {
        var input = Even(3) with { Pins = [new PlannerPin { Pin = Pin, Target = Id(1) }] };
        var move = Assert.Single(Planner.Plan(input).Moves);
        Assert.Equal(new PlannedMove(B(0x0f), Pin, Id(0), Id(1), PlanReason.Pin), move);
    }

    [Fact]
    public void Plan_PinWhereItsBucketIs_IsGrantedThere()
    {
        var input = Even(3) with { Pins = [new PlannerPin { Pin = Pin, Target = Id(0) }] };
        var move = Assert.Single(Planner.Plan(input).Moves);
        Assert.Equal((Id(0), Id(0), false), (move.From, move.To, move.EndsPin));
    }

    [Fact]
    public void Plan_PinTakenBack_GoesHomeToItsBucket()
    {
        var input = Even(3) with { Pins = [new PlannerPin { Pin = Pin, Owner = Id(1) }] };
        var move = Assert.Single(Planner.Plan(input).Moves);
        Assert.Equal((Id(1), Id(0), true), (move.From, move.To, move.EndsPin));
    }

    [Fact]
    public void Plan_PinInsideAShorterPin_GoesHomeToThatOne()
    {
        Assert.True(BasePrefix.TryParse("0f84e1a1", out var shorter));
        var input = Even(3) with
        {
            Pins = [new PlannerPin { Pin = Pin, Owner = Id(1) }, new PlannerPin { Pin = shorter, Owner = Id(2), Target = Id(2) }],
        };
        Assert.Equal(Id(2), Assert.Single(Planner.Plan(input).Moves).To);
    }

    [Fact]
    public void Plan_PinnedNodeGone_PinGoesWithItsBucketUntilItIsBack()
    {
        var input = Even(3) with { Pins = [new PlannerPin { Pin = Pin, Owner = Id(7), Target = Id(7) }] };
        var plan = Planner.Plan(input);
        var move = Assert.Single(plan.Moves);
        Assert.Equal((Id(0), PlanReason.Orphan, false), (move.To, move.Reason, move.EndsPin));
        Assert.Contains("not registered", Assert.Single(plan.Refused).Why);

        var back = plan.Apply(input) with { Nodes = [.. Servers(3), new PlannerNode { Id = Id(7), Cordoned = true }] };
        Assert.Equal((Id(0), Id(7)), (Planner.Plan(back).Moves[0].From, Planner.Plan(back).Moves[0].To));
    }

    [Fact]
    public void Plan_PinOffANodeThatCannotRelease_IsRefused()
    {
        var input = With(Even(3), 0, n => n with { CanRelease = false }) with { Pins = [new PlannerPin { Pin = Pin, Target = Id(1) }] };
        var plan = Planner.Plan(input);
        Assert.Empty(plan.Moves);
        Assert.Contains("release mode none", Assert.Single(plan.Refused).Why);
    }

    [Fact]
    public void Plan_PinOntoAProcessThatLostIt_IsRefused()
    {
        var input = Even(3) with
        {
            Pins = [new PlannerPin { Pin = Pin, Target = Id(1) }],
            ForbiddenPins = new HashSet<(BasePrefix, string)> { (Pin, Id(1)) },
        };
        Assert.Empty(Planner.Plan(input).Moves);
        Assert.Contains("S9", Assert.Single(Planner.Plan(input).Refused).Why);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Plan_ImpossibleWeight_IsRefusedByName(double weight)
    {
        var error = Assert.Throws<ArgumentException>(() => Planner.Plan(With(Even(2), 1, n => n with { Weight = weight })));
        Assert.Contains(Id(1), error.Message);
    }

    [Fact]
    public void Plan_NodeTwice_Throws() =>
        Assert.Throws<ArgumentException>(() => Planner.Plan(Even(2) with { Nodes = [.. Servers(2), .. Servers(1)] }));
}
