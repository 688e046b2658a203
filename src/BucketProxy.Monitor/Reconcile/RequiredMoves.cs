using BucketProxy.Core.Planning;
using BucketProxy.Monitor.Alarms;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// What must be, whoever wants it or not: buckets without a living owner get one (L1), draining nodes give theirs away,
/// pins go where they are wished, static placement is kept. The planner says where to; this starts it.
/// </summary>
internal static class RequiredMoves
{
    public static void Run(Turn turn, Starts starts)
    {
        if (turn.Frozen || !IsNeeded(turn))
            return;
        var plan = Planner.Plan(PlanView.Of(turn, PlanScope.Required));
        FirstAssignment.Run(turn, plan);
        foreach (var move in plan.Moves)
        {
            var forced = turn.Nodes.Find(move.From) is { Forced: true };
            if (move.Pin is { } pin)
            {
                PinKeeping.Step(turn, starts, pin, move, forced);
            }
            else if (turn.View.Assignments.ContainsKey(move.Bucket)
                && !(move.Reason == PlanReason.Orphan && turn.Has(Mutations.IgnoreOrphans)))
            {
                starts.TryOrAlarm(new WantedMove(
                    move.Bucket, null, move.From, move.To, PlanView.ToMoveReason(move.Reason), forced));
            }
        }
        foreach (var refused in plan.Refused.Where(r => r.Reason != PlanReason.Orphan))
        {
            starts.Refuse(new WantedMove(refused.Bucket, refused.Pin, refused.From, refused.To ?? "any other",
                PlanView.ToMoveReason(refused.Reason)), refused.Why);
        }
        NoOwner(turn, [.. plan.Refused.Where(r => r.Reason == PlanReason.Orphan)]);
    }

    /// <summary>Planning costs; most of the time nothing must be.</summary>
    private static bool IsNeeded(Turn turn)
    {
        var view = turn.View;
        if (view.Assignments.Count < turn.Input.Buckets.Length)
            return true;
        foreach (var (bucket, grant) in view.Assignments)
        {
            if (turn.Nodes.Find(grant.Owner) is not { Standing: not NodeStanding.Dead, Draining: false }
                || (turn.Options.IsStatic && turn.Options.Placement.StaticOwner(bucket) != grant.Owner))
            {
                return true;
            }
        }
        foreach (var pin in PinKeeping.All(turn))
        {
            if (view.Pins.GetValueOrDefault(pin) is not { } grant || PinKeeping.WantedOwner(turn, pin) != grant.Owner
                || turn.Nodes.Find(grant.Owner) is not { Standing: not NodeStanding.Dead, Draining: false })
            {
                return true;
            }
        }
        return false;
    }

    private static void NoOwner(Turn turn, RefusedMove[] refused)
    {
        if (refused.Length == 0 || FirstAssignment.Waits(turn))
            return;
        turn.Raise(AlarmKind.NoOwner, "",
            $"{refused.Length} buckets or bases have no living owner (first: {refused[0].Bucket}): {refused[0].Why}.",
            "Start a node. When one is there but lost them before without saving, restart it; if it reports no start_time, say that the process is gone.");
    }
}
