using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Planning;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// Pinned bases. A new pin is first granted to whoever owns it already (nothing changes hands), then moved as a bucket
/// would be; a pin that nobody wants any more is moved back to its bucket's owner, then its grant goes.
/// </summary>
internal static class PinKeeping
{
    /// <summary>Who shall own a pin: an operator's wish before a configured one. Null: nobody wants it pinned.</summary>
    public static string? WantedOwner(Turn turn, BasePrefix pin)
    {
        if (turn.View.PinPolicies.TryGetValue(pin, out var node))
            return node;
        foreach (var configured in turn.Options.Placement.Pins)
        {
            if (configured.Pin == pin)
                return configured.NodeId;
        }
        return null;
    }

    /// <summary>All pins that are wished for or granted, each once.</summary>
    public static IEnumerable<BasePrefix> All(Turn turn)
    {
        foreach (var pin in turn.View.Pins.Keys)
            yield return pin;
        foreach (var pin in turn.View.PinPolicies.Keys)
        {
            if (!turn.View.Pins.ContainsKey(pin))
                yield return pin;
        }
        foreach (var configured in turn.Options.Placement.Pins)
        {
            if (!turn.View.Pins.ContainsKey(configured.Pin) && !turn.View.PinPolicies.ContainsKey(configured.Pin))
                yield return configured.Pin;
        }
    }

    /// <summary>One step towards what the planner wants of a pin.</summary>
    public static void Step(Turn turn, Starts starts, BasePrefix pin, PlannedMove wanted, bool forced)
    {
        if (!turn.View.Pins.TryGetValue(pin, out var grant))
            GrantToPresentOwner(turn, pin);
        else if (wanted.EndsPin && Parent(turn, pin) is { } parent && parent.Owner == grant.Owner)
            Drop(turn, pin, grant, parent);
        else if (wanted.To != grant.Owner)
            starts.TryOrAlarm(new WantedMove(
                pin.Bucket, pin, grant.Owner, wanted.To,
                turn.Nodes.Standing(grant.Owner) == NodeStanding.Dead ? MoveReason.Orphan : PlanView.ToMoveReason(wanted.Reason),
                forced));
    }

    /// <summary>Who owns what is around the pin: the most specific pin that covers it, else its bucket.</summary>
    private static Grant? Parent(Turn turn, BasePrefix pin) =>
        ParentPin(turn, pin) is { } around ? turn.View.Pins[around] : turn.View.Assignments.GetValueOrDefault(pin.Bucket);

    private static BasePrefix? ParentPin(Turn turn, BasePrefix pin)
    {
        BasePrefix? best = null;
        foreach (var other in turn.View.Pins.Keys)
        {
            if (other != pin && other.Covers(pin) && (best is not { } b || other.Digits > b.Digits))
                best = other;
        }
        return best;
    }

    private static void GrantToPresentOwner(Turn turn, BasePrefix pin)
    {
        if (Parent(turn, pin) is not { } parent || MayNotChange(turn, pin))
            return;
        turn.Write(Subject(pin), $"base {pin} is pinned; {parent.Owner} has it",
            [
                Comparison.Absent(turn.Keys.Pin(pin)),
                Comparison.Absent(turn.Keys.Move(pin.Bucket)),
                Comparison.ModifiedAt(ParentKey(turn, pin), parent.Epoch),
            ],
            StoreOperation.PutText(turn.Keys.Pin(pin), parent.Owner));
    }

    private static void Drop(Turn turn, BasePrefix pin, Grant grant, Grant parent)
    {
        if (MayNotChange(turn, pin))
            return;
        turn.Write(Subject(pin), $"base {pin} goes with its bucket again",
            [
                Comparison.ModifiedAt(turn.Keys.Pin(pin), grant.Epoch),
                Comparison.Absent(turn.Keys.Move(pin.Bucket)),
                Comparison.ModifiedAt(ParentKey(turn, pin), parent.Epoch),
            ],
            StoreOperation.DeleteKey(turn.Keys.Pin(pin)));
    }

    private static bool MayNotChange(Turn turn, BasePrefix pin) =>
        turn.View.Moves.ContainsKey(pin.Bucket) || turn.IsWriting(Subject(pin)) || turn.IsWriting("move/" + pin.Bucket);

    private static string ParentKey(Turn turn, BasePrefix pin) =>
        ParentPin(turn, pin) is { } around ? turn.Keys.Pin(around) : turn.Keys.Assignment(pin.Bucket);

    private static string Subject(BasePrefix pin) => "pin/" + pin;
}
