namespace BucketProxy.Core.Planning;

/// <summary>The phases of a plan for buckets, in their order, on any number of buckets and nodes.</summary>
internal static class BucketPlanner
{
    public static void Place(Workspace work, PlanScope scope, PlannerLimits limits)
    {
        // :: Step 1 and 2: whoever has no owner, then whoever must leave his.
        Homeless.PlaceOrphans(work);
        Homeless.PlaceDraining(work);
        if (scope == PlanScope.Required)
            return;

        // :: Step 3: counts.
        RefuseWhatCannotBeReleased(work, limits);
        CountBand.Even(work, limits.SocketsPerMove);
    }

    public static void BalanceLoad(Workspace work, PlannerLimits limits, int movedThisRound)
    {
        // :: Step 4: load, as far as the round's budget goes (C1).
        var planned = work.Moves.Count(m => m.Reason != PlanReason.Orphan);
        var budget = (int)(limits.Budget * work.Owner.Length) - planned - movedThisRound;
        LoadBalance.Even(work, limits, budget);
    }

    private static void RefuseWhatCannotBeReleased(Workspace work, PlannerLimits limits)
    {
        if (!work.Nodes.Any(n => n.Takes && !n.CanRelease))
            return;
        var ideal = work.Copy();
        CountBand.EvenAsIfAllReleased(ideal, limits.SocketsPerMove);
        foreach (var move in ideal.Moves)
        {
            if (!work.Moved[move.Bucket] && !work.Nodes[move.From].CanRelease)
                work.Refused.Add(new WorkRefusal(move.Bucket, move.From, move.To, move.Reason));
        }
    }
}
