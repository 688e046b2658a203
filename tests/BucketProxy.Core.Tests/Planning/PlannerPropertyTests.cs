using BucketProxy.Core.Bases;
using BucketProxy.Core.Planning;
using FsCheck;
using FsCheck.Fluent;

namespace BucketProxy.Core.Tests.Planning;

public sealed class PlannerPropertyTests
{
    private static readonly Config Cases = Config.QuickThrowOnFailure.WithMaxTest(500);

    private static void ForAny(Action<PlannerInput> property) => Prop.ForAll(PlannerCases.Any, property).Check(Cases);

    [Fact]
    public void Plan_AfterApply_AsksForNothingMore() => ForAny(input =>
    {
        var first = Planner.Plan(input);
        var second = Planner.Plan(first.Apply(input));
        Assert.True(second.Moves.IsEmpty, $"{Words(input)}\nfirst:\n{string.Join('\n', first.Moves.Where(m => m.Reason != PlanReason.Orphan))}\nsecond:\n{string.Join('\n', second.Moves)}");
    });

    [Fact]
    public void Plan_CollectionsInAnyOrder_IsTheSame() => ForAny(input =>
    {
        var plan = Planner.Plan(input);
        for (var seed = 0; seed < 3; seed++)
        {
            var random = new Random(seed);
            var again = Planner.Plan(input with
            {
                Nodes = Shuffled(input.Nodes, random),
                Owners = Shuffled(input.Owners, random).ToDictionary(),
                Pins = Shuffled(input.Pins, random),
                Busy = Shuffled(input.Busy, random).ToHashSet(),
                SinceMove = Shuffled(input.SinceMove, random).ToDictionary(),
                Forbidden = Shuffled(input.Forbidden, random).ToHashSet(),
                Loads = [.. input.Loads.Select(l => new LoadSample(Shuffled(l.Buckets, random).ToDictionary()))],
                StaticPlacement = input.StaticPlacement is { } placement ? Shuffled(placement, random).ToDictionary() : null,
            });
            Assert.Equal(plan.Moves.AsEnumerable(), again.Moves);
            Assert.Equal(plan.Refused.AsEnumerable(), again.Refused);
        }
    });

    [Fact]
    public void Plan_EveryMove_IsAllowed() => ForAny(input =>
    {
        var nodes = input.Nodes.ToDictionary(n => n.Id);
        var plan = Planner.Plan(input);
        Assert.Equal(plan.Moves.Length, plan.Moves.DistinctBy(m => (m.Bucket, m.Pin)).Count());
        foreach (var move in plan.Moves)
        {
            Assert.DoesNotContain(move.Bucket, input.Busy);
            if (move.From != move.To)
                Assert.DoesNotContain((move.Bucket, move.To), input.Forbidden);
            if (move.From is not null && nodes.TryGetValue(move.From, out var from))
            {
                Assert.True(move.From == move.To || (from.CanRelease && !from.Suspect), $"{move}");
                Assert.True(move.Reason != PlanReason.Orphan, $"{move}");
                Assert.True(move.Reason != PlanReason.Drain || from.Draining, $"{move}");
            }
            if (move.Pin is not null)
                continue;
            var to = nodes[move.To];
            Assert.Equal(input.Owners.GetValueOrDefault(move.Bucket), move.From);
            Assert.NotEqual(move.From, move.To);
            Assert.False(to.Suspect, $"{move}");
            Assert.True(input.StaticPlacement is not null || (!to.Draining && !to.Cordoned), $"{move}");
        }
    });

    [Fact]
    public void Plan_Orphans_AllGetAnOwnerThatMayHaveThem() => ForAny(input =>
    {
        if (input.StaticPlacement is not null)
            return;
        var takers = input.Nodes.Where(n => n is { Cordoned: false, Draining: false, Suspect: false }).Select(n => n.Id).ToArray();
        var nodes = input.Nodes.Select(n => n.Id).ToHashSet();
        var after = Planner.Plan(input).Apply(input).Owners;
        foreach (var bucket in Bucket.All)
        {
            var hasOwner = after.TryGetValue(bucket, out var owner) && nodes.Contains(owner);
            Assert.True(
                hasOwner || input.Busy.Contains(bucket) || takers.All(t => input.Forbidden.Contains((bucket, t))), $"L1: {bucket}");
        }
    });

    [Fact]
    public void Plan_LoadMoves_StayWithinTheBudgetOfTheRound() => ForAny(input =>
    {
        var moves = Planner.Plan(input).Moves;
        if (moves.Any(m => m.Reason == PlanReason.Load))
        {
            var planned = moves.Count(m => m.Pin is null && m.Reason != PlanReason.Orphan);
            Assert.True(input.MovedThisRound + planned <= 256 * input.Limits.Budget, $"C1: {planned}");
        }
    });

    [Fact]
    public void Plan_RequiredScope_MovesNothingThatNeedNot() => ForAny(input =>
        Assert.DoesNotContain(
            Planner.Plan(input with { Scope = PlanScope.Required, StaticPlacement = null }).Moves,
            m => m.Reason is PlanReason.Balance or PlanReason.Load));

    [Fact]
    public void Plan_LoadMoves_KeepCountsInTheBand() => ForAny(input =>
    {
        var after = Planner.Plan(input with { Scope = PlanScope.Rebalance }).Apply(input with { Scope = PlanScope.Rebalance });
        Assert.DoesNotContain(Planner.Plan(after with { Loads = [] }).Moves, m => m.Pin is null);
    });

    private static string Words(PlannerInput input) => string.Join('\n', [
        .. input.Nodes.Select(n => $"{n} owns {input.Owners.Values.Count(o => o == n.Id)}"),
        .. input.Pins.Select(p => p.ToString()),
        $"busy {string.Join(' ', input.Busy)}, forbidden {string.Join(' ', input.Forbidden)}"]);

    private static T[] Shuffled<T>(IEnumerable<T> items, Random random)
    {
        var array = items.ToArray();
        random.Shuffle(array);
        return array;
    }
}
