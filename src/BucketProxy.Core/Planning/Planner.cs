using BucketProxy.Core.Bases;

namespace BucketProxy.Core.Planning;

/// <summary>
/// Says which buckets and pins should change owner. Pure and deterministic: the same input gives the same plan, whatever
/// the order of its collections, and after the plan has been carried out there is nothing more to plan (L3).
/// <code>
///   orphans ─► broken pins, draining nodes ─► count band (shares by weight, fewest moves) ─► measured load (within budget)
///   └──────────── PlanScope.Required ────┘    └──────────────────── PlanScope.Rebalance ───────────────────────────────┘
/// </code>
/// </summary>
public static class Planner
{
    /// <summary>Plans.</summary>
    /// <exception cref="ArgumentException">Two nodes or two pins with one name, or a weight that is not above 0.</exception>
    public static Plan Plan(PlannerInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var nodes = input.Nodes.OrderBy(n => n.Id, StringComparer.Ordinal).ToArray();
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            if (!(node.Weight > 0) || double.IsInfinity(node.Weight))
                throw new ArgumentException($"The weight of {node.Id} is {node.Weight}; it must be above 0.", nameof(input));
            if (!index.TryAdd(node.Id, index.Count))
                throw new ArgumentException($"{node.Id} is there twice.", nameof(input));
        }

        var work = WorkspaceOf(input, nodes, index);
        if (input.StaticPlacement is { } placement)
            StaticPlanner.Plan(work, [.. Bucket.All.Select(b => NodeAt(placement.GetValueOrDefault(b), index))]);
        else
            BucketPlanner.Place(work, input.Scope, input.Limits);
        var moves = MovesOf(work, input, nodes, 0);
        var refused = work.Refused.Select(r => new RefusedMove(
            new Bucket((byte)r.Bucket), null, r.From < 0 ? null : nodes[r.From].Id, r.To < 0 ? null : nodes[r.To].Id,
            r.Reason, Refusals.Why(r, nodes))).ToList();
        var placed = work.Moves.Count;
        PinPlanner.Plan(input, nodes, moves, refused);

        // Load comes last: it depends on where the pins will be, and some pins go where their bucket is. Hence, too, a bucket
        // with a pin that moves stays out of it.
        if (input.StaticPlacement is null && input.Scope == PlanScope.Rebalance)
        {
            foreach (var move in moves.Where(m => m.Pin is not null))
                work.Resting[move.Bucket.Index] = true;
            AddPinnedLoad(work, input with { Pins = [.. new Plan { Moves = [.. moves], Refused = [] }.Apply(input).Pins] }, index);
            BucketPlanner.BalanceLoad(work, input.Limits, input.MovedThisRound);
            moves.AddRange(MovesOf(work, input, nodes, placed));
        }
        return new Plan { Moves = [.. moves], Refused = [.. refused] };
    }

    private static List<PlannedMove> MovesOf(Workspace work, PlannerInput input, PlannerNode[] nodes, int from) =>
        [.. work.Moves.Skip(from).Select(m => new PlannedMove(
            new Bucket((byte)m.Bucket), null, input.Owners.GetValueOrDefault(new Bucket((byte)m.Bucket)), nodes[m.To].Id,
            m.Reason))];

    private static void AddPinnedLoad(Workspace work, PlannerInput input, Dictionary<string, int> index)
    {
        // In one order, whatever the input's: sums of doubles depend on it.
        foreach (var pin in input.Pins.OrderBy(p => p.Pin))
        {
            if (NodeAt(pin.Owner, index) is var node and not Workspace.Nobody)
                work.PinnedLoad[node] += pin.Rate;
        }
    }

    private static int NodeAt(string? id, Dictionary<string, int> index) =>
        id is not null && index.TryGetValue(id, out var n) ? n : Workspace.Nobody;

    private static Workspace WorkspaceOf(PlannerInput input, PlannerNode[] nodes, Dictionary<string, int> index)
    {
        // Most of the 256 are not named in most of these: each is walked through once, not searched for every bucket.
        var owner = new int[Bucket.Count];
        Array.Fill(owner, Workspace.Nobody);
        foreach (var (bucket, id) in input.Owners)
            owner[bucket.Index] = NodeAt(id, index);
        var busy = new bool[Bucket.Count];
        foreach (var bucket in input.Busy)
            busy[bucket.Index] = true;
        var resting = new bool[Bucket.Count];
        foreach (var (bucket, since) in input.SinceMove)
            resting[bucket.Index] = since < input.Limits.Rest;

        var samples = input.Loads.TakeLast(input.Limits.LoadSamples)
            .Select(s => Bucket.All.Select(b => s.Buckets.GetValueOrDefault(b).Rate).ToArray()).ToArray();
        var newest = input.Loads.Count == 0 ? null : input.Loads[^1].Buckets;
        return new Workspace
        {
            Nodes = [.. nodes.Select(n => new WorkNode(
                n.Weight, n.Capacity ?? Bucket.Count, Takes: n is { Suspect: false, Cordoned: false, Draining: false },
                n.Draining, n.Suspect, n.CanRelease, Rendezvous.HashOf(n.Id)))],
            Owner = owner,
            Busy = busy,
            Resting = resting,
            Samples = samples,
            Load = samples.Length == 0
                ? new double[Bucket.Count]
                : [.. Bucket.All.Select(b => samples.Sum(s => s[b.Index]) / samples.Length)],
            Sockets = newest is null ? new int[Bucket.Count] : [.. Bucket.All.Select(b => newest.GetValueOrDefault(b).Sockets)],
            Forbidden = [.. input.Forbidden.Where(f => index.ContainsKey(f.NodeId)).Select(f => ((int)f.Bucket.Index, index[f.NodeId]))],
        };
    }
}
