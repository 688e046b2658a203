using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Planning;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>What the planner is told. A bucket whose move stands counts as where it goes, and is left alone.</summary>
internal static class PlanView
{
    public static PlannerInput Of(Turn turn, PlanScope scope)
    {
        var view = turn.View;
        var owners = view.Assignments.ToDictionary(a => a.Key, a => a.Value.Owner);
        foreach (var (bucket, move) in view.Moves)
        {
            if (move.Pin is null)
                owners[bucket] = move.To;
        }
        // Somebody deleted the key: whoever held it still has it in memory.
        foreach (var (bucket, write) in turn.State.Foreign)
        {
            if (write is { To: null, From: { } from })
                owners.TryAdd(bucket, from);
        }
        var busy = view.Moves.Keys.ToHashSet();
        if (turn.Input.Buckets.Length < Bucket.Count)
        {
            busy.EnsureCapacity(Bucket.Count);
            for (var i = 0; i < Bucket.Count; i++)
            {
                var bucket = new Bucket((byte)i);
                if (!turn.Input.Buckets.Contains(bucket))
                    busy.Add(bucket);
            }
        }
        if (FirstAssignment.Waits(turn))
            busy.UnionWith(turn.Input.Buckets.Where(b => !owners.ContainsKey(b)));

        var nodes = turn.Nodes.All.Where(n => n.Standing != NodeStanding.Dead).ToArray();
        return new PlannerInput
        {
            Scope = scope,
            Nodes = [.. nodes.Select(ToPlanner)],
            Owners = owners,
            Busy = busy,
            Pins = [.. PinKeeping.All(turn).Select(pin => new PlannerPin
            {
                Pin = pin,
                Owner = view.Pins.GetValueOrDefault(pin)?.Owner,
                Target = PinKeeping.WantedOwner(turn, pin),
            })],
            StaticPlacement = turn.Options.IsStatic
                ? turn.Input.Buckets.ToDictionary(b => b, b => turn.Options.Placement.StaticOwner(b)!)
                : null,
            SinceMove = turn.State.Moved.ToDictionary(m => m.Key, m => turn.Now - m.Value),
            Forbidden = Forbidden(turn, nodes),
            ForbiddenPins = ForbiddenPins(turn, nodes),
            Limits = turn.Options.PlannerLimits,
        };
    }

    private static PlannerNode ToPlanner(NodeCard node) => new()
    {
        Id = node.Id,
        Weight = node.Weight,
        Capacity = node.Configured?.Capacity,
        Cordoned = node.Policy is { Cordoned: true },
        Draining = node.Draining,
        // Whose gate is away is refused where moves start, with that reason.
        CanRelease = node.Forced || node.Release != ReleaseMode.None || node.Terms.GateIsAway,
        Suspect = !node.Forced && (node.Standing != NodeStanding.Live || !(node.Draining || node.MayTakePins)),
    };

    private static HashSet<(Bucket, string)> Forbidden(Turn turn, NodeCard[] nodes)
    {
        var pairs = new HashSet<(Bucket, string)>();
        foreach (var bucket in turn.View.Uncleans.Keys)
        {
            foreach (var node in nodes)
            {
                if (node.Record is { } record && NoReturn.Bars(turn, bucket, null, record))
                    pairs.Add((bucket, node.Id));
            }
        }
        return pairs;
    }

    private static HashSet<(BasePrefix, string)> ForbiddenPins(Turn turn, NodeCard[] nodes)
    {
        var pairs = new HashSet<(BasePrefix, string)>();
        foreach (var pin in PinKeeping.All(turn))
        {
            foreach (var node in nodes)
            {
                if (node.Record is { } record && NoReturn.Bars(turn, pin.Bucket, pin, record))
                    pairs.Add((pin, node.Id));
            }
        }
        return pairs;
    }

    public static MoveReason ToMoveReason(PlanReason reason) => reason switch
    {
        PlanReason.Orphan => MoveReason.Orphan,
        PlanReason.Pin => MoveReason.Pin,
        PlanReason.Drain => MoveReason.Drain,
        PlanReason.Balance => MoveReason.Balance,
        _ => MoveReason.Load,
    };
}
