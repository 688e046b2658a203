using BucketProxy.Core.Bases;

namespace BucketProxy.Core.Planning;

/// <summary>Plans pins, after the buckets: a pin without a wish, or whose node is gone, goes where its bucket is by then.</summary>
internal sealed class PinPlanner
{
    private readonly PlannerInput _input;
    private readonly Dictionary<string, PlannerNode> _nodes;
    private readonly Dictionary<Bucket, string> _bucketsAfter;
    private readonly List<RefusedMove> _refused;

    /// <summary>Owners of granted pins before and after the plan, by pins shorter than the one in hand.</summary>
    private readonly Dictionary<BasePrefix, (string? Before, string? After)> _granted = [];

    private PinPlanner(PlannerInput input, PlannerNode[] nodes, List<PlannedMove> moves, List<RefusedMove> refused)
    {
        _input = input;
        _nodes = nodes.ToDictionary(n => n.Id, StringComparer.Ordinal);
        _bucketsAfter = new Dictionary<Bucket, string>(input.Owners);
        foreach (var move in moves)
            _bucketsAfter[move.Bucket] = move.To;
        _refused = refused;
    }

    public static void Plan(PlannerInput input, PlannerNode[] nodes, List<PlannedMove> moves, List<RefusedMove> refused)
    {
        var planner = new PinPlanner(input, nodes, moves, refused);
        var first = new List<PlannedMove>();
        var last = new List<PlannedMove>();
        foreach (var pin in input.Pins.OrderBy(p => p.Pin.Digits).ThenBy(p => p.Pin))
        {
            var move = planner.Decide(pin);
            if (!planner._granted.TryAdd(pin.Pin, (pin.Owner, move is null ? pin.Owner : move.EndsPin ? null : move.To)))
                throw new ArgumentException($"Pin {pin.Pin} is there twice.", nameof(input));
            // Wishes go before moves of buckets. What follows a bucket goes after them.
            if (move is not null)
                (move.To == pin.Target ? first : last).Add(move);
        }
        moves.InsertRange(moves.TakeWhile(m => m.Reason == PlanReason.Orphan).Count(), first);
        moves.AddRange(last);
    }

    private PlannedMove? Decide(PlannerPin pin)
    {
        var bucket = pin.Pin.Bucket;
        if (_input.Busy.Contains(bucket))
            return null;
        if (pin.Target is not null && pin.Owner == pin.Target && !LeavesItsOwner(pin))
            return null;
        var from = pin.Owner ?? Home(pin.Pin, after: false);
        if (pin.Target is { } target && CannotTake(target, pin.Pin) is { } whyNot)
        {
            _refused.Add(new RefusedMove(bucket, pin.Pin, from, target, PlanReason.Pin, whyNot));
            return LeavesItsOwner(pin) ? ToHome(pin, LeavingReason(pin), ends: false) : null;
        }
        if (pin.Target is null)
            return pin.Owner is null ? null : ToHome(pin, PlanReason.Pin, ends: true);
        return To(pin, from, pin.Target, PlanReason.Pin, ends: false);
    }

    /// <summary>Nothing fails over under static placement.</summary>
    private bool LeavesItsOwner(PlannerPin pin) =>
        pin.Owner is { } owner && _input.StaticPlacement is null
        && (!_nodes.TryGetValue(owner, out var node) || node.Draining);

    private PlanReason LeavingReason(PlannerPin pin) => _nodes.ContainsKey(pin.Owner!) ? PlanReason.Drain : PlanReason.Orphan;

    private PlannedMove? ToHome(PlannerPin pin, PlanReason reason, bool ends)
    {
        var home = Home(pin.Pin, after: true);
        if (home is null || !_nodes.ContainsKey(home) || (home == pin.Owner && !ends))
            return null;
        if (home == pin.Owner || !IsForbidden(pin.Pin, home))
            return To(pin, pin.Owner, home, reason, ends);
        _refused.Add(new RefusedMove(pin.Pin.Bucket, pin.Pin, pin.Owner, home, reason, $"{home}: {Refusals.NoReturn}"));
        return null;
    }

    private PlannedMove? To(PlannerPin pin, string? from, string to, PlanReason reason, bool ends)
    {
        if (from is not null && from != to && _nodes.TryGetValue(from, out var giver) && Refusals.CannotGive(giver) is { } why)
        {
            _refused.Add(new RefusedMove(pin.Pin.Bucket, pin.Pin, from, to, reason, why));
            return null;
        }
        return new PlannedMove(pin.Pin.Bucket, pin.Pin, from, to, reason, ends);
    }

    private string? CannotTake(string id, BasePrefix pin)
    {
        if (!_nodes.TryGetValue(id, out var node) || node.Suspect)
            return $"{id} is not registered";
        if (node.Draining)
            return $"{id} is draining";
        return IsForbidden(pin, id) ? $"{id}: {Refusals.NoReturn}" : null;
    }

    private bool IsForbidden(BasePrefix pin, string id) =>
        _input.Forbidden.Contains((pin.Bucket, id)) || _input.ForbiddenPins.Contains((pin, id));

    /// <summary>Where requests under <paramref name="pin"/> would go without it: the longest granted pin that covers it, else
    /// the bucket.</summary>
    private string? Home(BasePrefix pin, bool after)
    {
        string? home = null;
        var digits = 0;
        foreach (var (shorter, grant) in _granted)
        {
            var owner = after ? grant.After : grant.Before;
            if (owner is not null && shorter.Digits > digits && shorter != pin && shorter.Covers(pin))
                (home, digits) = (owner, shorter.Digits);
        }
        return home ?? (after ? _bucketsAfter : _input.Owners).GetValueOrDefault(pin.Bucket);
    }
}
