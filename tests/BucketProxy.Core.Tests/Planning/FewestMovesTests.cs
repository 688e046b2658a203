using BucketProxy.Core.Planning;
using FsCheck;
using FsCheck.Fluent;

namespace BucketProxy.Core.Tests.Planning;

/// <summary>C2, against an oracle that tries every assignment there is.</summary>
public sealed class FewestMovesTests
{
    private const int Buckets = 7;

    private sealed record Case(double[] Weights, int[] Owners, (int, int)[] Forbidden, double[] Load);

    private static readonly Arbitrary<Case> Cases = Arb.From(
        from nodes in Gen.Choose(1, 4)
        from weights in Gen.ArrayOf(Gen.Elements(1, 1, 1, 0.5, 2, 3.3), nodes)
        from owners in Gen.ArrayOf(Gen.Choose(0, nodes - 1), Buckets)
        from bans in Gen.Frequency(
            (1, Gen.Constant(new List<(int, int)>())),
            (1, Gen.ListOf(Gen.Zip(Gen.Choose(0, Buckets - 1), Gen.Choose(0, nodes - 1))).Resize(4).Select(l => l.ToList())))
        from load in Gen.ArrayOf(Gen.Elements(0.0, 1, 5, 30), Buckets)
            // A node that holds a bucket may go on holding it: a ban is on getting it.
        select new Case(weights, owners, [.. bans.Where(b => owners[b.Item1] != b.Item2)], load));

    [Fact]
    public void EvenCounts_AnySmallCase_TakesAsFewMovesAsAnyAssignmentWould() => Prop.ForAll(Cases, c =>
    {
        var work = WorkspaceOf(c);
        BucketPlanner.Place(work, PlanScope.Rebalance, new PlannerLimits());

        var fewest = Oracle(c);
        if (c.Forbidden.Length == 0)
        {
            Assert.True(IsEven(c, work.Owner), "counts are not even");
            Assert.Equal(fewest, work.Moves.Count);
        }
        // Where S9 bars the way, counts may stay less even; a detour is not taken.
        Assert.True(work.Moves.Count <= (fewest ?? int.MaxValue), $"{work.Moves.Count} moves, {fewest} would do");
        Assert.All(work.Moves, m => Assert.DoesNotContain((m.Bucket, m.To), c.Forbidden));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));

    [Fact]
    public void EvenCounts_LargeCluster_TakesExactlyTheSurplus()
    {
        const int Nodes = 1000, Many = 65_536;
        var random = new Random(1);
        var owners = Enumerable.Range(0, Many).Select(_ => random.Next(Nodes)).ToArray();
        var work = new Workspace
        {
            Nodes = [.. Enumerable.Range(0, Nodes).Select(Node)],
            Owner = [.. owners],
            Busy = new bool[Many],
            Resting = new bool[Many],
            Samples = [],
            Load = new double[Many],
            Sockets = new int[Many],
            Forbidden = [],
        };
        BucketPlanner.Place(work, PlanScope.Rebalance, new PlannerLimits());

        // 65.536 each: those above 66 give what is above; if more than 536 nodes keep 66, the rest of them give one more.
        var before = owners.CountBy(o => o).ToDictionary();
        var surplus = before.Values.Sum(c => Math.Max(0, c - 66)) + Math.Max(0, before.Values.Count(c => c >= 66) - 536);
        Assert.Equal(surplus, work.Moves.Count);
        Assert.All(work.Counts(), c => Assert.InRange(c, 65, 66));
    }

    private static int? Oracle(Case c)
    {
        int? best = null;
        var owners = new int[Buckets];
        for (var code = 0; code < Math.Pow(c.Weights.Length, Buckets); code++)
        {
            var rest = code;
            for (var b = 0; b < Buckets; b++)
            {
                owners[b] = rest % c.Weights.Length;
                rest /= c.Weights.Length;
            }
            var moved = Enumerable.Range(0, Buckets).Count(b => owners[b] != c.Owners[b]);
            if (moved < (best ?? int.MaxValue) && IsEven(c, owners)
                && Enumerable.Range(0, Buckets).All(b => owners[b] == c.Owners[b] || !c.Forbidden.Contains((b, owners[b]))))
                best = moved;
        }
        return best;
    }

    private static bool IsEven(Case c, int[] owners) => Enumerable.Range(0, c.Weights.Length).All(n =>
    {
        var share = Buckets * c.Weights[n] / c.Weights.Sum();
        var count = owners.Count(o => o == n);
        return count >= Math.Floor(share + 1e-6) && count <= Math.Ceiling(share - 1e-6);
    });

    private static Workspace WorkspaceOf(Case c) => new()
    {
        Nodes = [.. Enumerable.Range(0, c.Weights.Length).Select(n => Node(n) with { Weight = c.Weights[n] })],
        Owner = [.. c.Owners],
        Busy = new bool[Buckets],
        Resting = new bool[Buckets],
        Samples = [],
        Load = c.Load,
        Sockets = new int[Buckets],
        Forbidden = [.. c.Forbidden],
    };

    private static WorkNode Node(int index) => new(
        1, int.MaxValue, Takes: true, Drains: false, Suspect: false, CanRelease: true, Rendezvous.HashOf(PlannerCases.Id(index)));
}
