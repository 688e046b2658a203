using BucketProxy.Core.Bases;
using BucketProxy.Core.Planning;
using FsCheck;
using FsCheck.Fluent;

namespace BucketProxy.Core.Tests.Planning;

/// <summary>Inputs for the planner's tests.</summary>
internal static class PlannerCases
{
    public static PlannerNode[] Servers(int count) => [.. Enumerable.Range(0, count).Select(i => new PlannerNode { Id = Id(i) })];

    public static string Id(int index) => $"dtable-server-{index:00}";

    public static Bucket B(int index) => new((byte)index);

    public static PlannerInput Input(IReadOnlyCollection<PlannerNode> nodes, Func<int, string?> owner) => new()
    {
        Nodes = nodes,
        Owners = Enumerable.Range(0, 256).Where(b => owner(b) is not null).ToDictionary(B, b => owner(b)!),
    };

    public static Dictionary<string, int> CountsAfter(PlannerInput input) =>
        Planner.Plan(input).Apply(input).Owners.Values.GroupBy(o => o).ToDictionary(g => g.Key, g => g.Count());

    /// <summary>Nodes, owners, pins, loads, bans and flags of every sort, mixed.</summary>
    public static Arbitrary<PlannerInput> Any { get; } = Arb.From(
        from nodes in Gen.Choose(0, 7).SelectMany(n => Gen.CollectToArray(Enumerable.Range(0, n), AnyNode))
        from known in Gen.Choose(1, 9)
        from orphans in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Constant(50)), (1, Gen.Constant(100)))
        from owners in Gen.ArrayOf(Gen.Zip(Gen.Choose(0, known - 1), Gen.Choose(0, 99)), 256)
        from busy in Gen.ListOf(Gen.Choose(0, 255)).Resize(6)
        from pins in AnyPins(8)
        from skew in Gen.Elements(0, 1.2, 2)
        from samples in Gen.Choose(0, 4)
        from loads in Gen.ArrayOf(Gen.ArrayOf(Gen.Zip(Gen.Choose(1, 256), Gen.Choose(0, 200)), 256), samples)
        from rest in Gen.ListOf(Gen.Zip(Gen.Choose(0, 255), Gen.Choose(0, 20))).Resize(20)
        from bans in Gen.ListOf(Gen.Zip(Gen.Choose(0, 255), Gen.Choose(0, 7))).Resize(30)
        from moved in Gen.Frequency((4, Gen.Constant(0)), (1, Gen.Choose(0, 30)))
        from scope in Gen.Elements(PlanScope.Required, PlanScope.Rebalance, PlanScope.Rebalance)
        from placed in Gen.Frequency((9, Gen.Constant(0)), (1, Gen.Choose(1, 5)))
        select new PlannerInput
        {
            Scope = scope,
            Nodes = nodes,
            Owners = owners.Index().Where(o => o.Item.Item2 >= orphans).ToDictionary(o => B(o.Index), o => Id(o.Item.Item1)),
            Busy = busy.Select(B).ToHashSet(),
            Pins = pins,
            Loads = [.. loads.Select(s => new LoadSample(s.Index().ToDictionary(
                l => B(l.Index), l => new PlannerLoad(1000 * Math.Pow(l.Item.Item1, -skew), l.Item.Item2))))],
            SinceMove = rest.DistinctBy(r => r.Item1).ToDictionary(r => B(r.Item1), r => TimeSpan.FromMinutes(r.Item2)),
            Forbidden = bans.Select(b => (B(b.Item1), Id(b.Item2))).ToHashSet(),
            MovedThisRound = moved,
            StaticPlacement = placed == 0 ? null : Enumerable.Range(0, 256).ToDictionary(B, b => Id(b * placed / 256)),
        });

    private static Gen<PlannerNode> AnyNode(int index) =>
        from weight in Gen.Elements(1, 1, 1, 0.5, 2, 3.7)
        from capacity in Gen.Elements<int?>(null, null, null, 0, 10, 60, 300)
        from flags in Gen.Choose(0, 15)
        select new PlannerNode
        {
            Id = Id(index),
            Weight = weight,
            Capacity = capacity,
            Cordoned = flags == 1,
            Draining = flags is 2 or 3,
            CanRelease = flags is not (4 or 5 or 3),
            Suspect = flags == 6,
        };

    private static Gen<PlannerPin[]> AnyPins(int most) =>
        from heads in Gen.ListOf(Gen.Zip(Gen.Choose(0, 3), Gen.Elements("", "1", "12", "123456789012345678901234"))).Resize(most)
        from owners in Gen.ArrayOf(Gen.Choose(-3, 7), most + 1)
        from targets in Gen.ArrayOf(Gen.Choose(-3, 7), most + 1)
        select heads.Distinct().Take(most).Index().Select(h => new PlannerPin
        {
            Pin = BasePrefix.TryParse($"0{h.Item.Item1}abcdef{h.Item.Item2}", out var pin) ? pin : throw new InvalidOperationException(),
            Owner = owners[h.Index] < 0 ? null : Id(owners[h.Index]),
            Target = targets[h.Index] < 0 ? null : Id(targets[h.Index]),
            Rate = h.Index * 10,
        }).ToArray();
}
