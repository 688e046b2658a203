using System.Globalization;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Planning;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// Evens out by itself, where that is asked for: every load interval it plans, and gives itself an order, which is carried
/// out and recorded like an operator's. One at a time.
/// </summary>
internal static class AutoRebalance
{
    private const string Subject = "rebalance";

    public static void Run(Turn turn)
    {
        if (!turn.Options.AutoRebalance || turn.Options.IsStatic)
            return;
        if (turn.State.LoadedAt is { } at && !turn.Passed(at + turn.Options.LoadInterval))
            return;
        var loads = turn.State.Loads;
        if (LoadSampling.Take(turn.View) is { } sample)
            loads = [.. loads.TakeLast(turn.Options.PlannerLimits.LoadSamples - 1), sample];
        turn.State = turn.State with { Loads = loads, LoadedAt = turn.Now };
        turn.Passed(turn.Now + turn.Options.LoadInterval);

        // While anything is on its way, or must be first, counts and loads say little.
        if (turn.Frozen || turn.View.Rebalance is { Done: false } || !turn.View.Moves.IsEmpty || turn.IsWriting(Subject)
            || turn.View.Assignments.Count < turn.Input.Buckets.Length)
        {
            return;
        }
        var plan = Planner.Plan(PlanView.Of(turn, PlanScope.Rebalance) with { Loads = loads });
        var order = PlanRecords.OrderOf(plan, turn.View, turn.Options.Instance, turn.Input.Clock,
            string.Create(CultureInfo.InvariantCulture, $"auto-{turn.View.Revision}"));
        if (order.Pending.IsEmpty)
            return;
        turn.Write(Subject, $"order {order.Id}: {order.Pending.Length} moves to even out",
            [Comparison.ModifiedAt(turn.Keys.Rebalance, turn.View.Rebalance?.ModRevision ?? 0)],
            StoreOperation.PutText(turn.Keys.Rebalance, RecordJson.Write(order)));
    }
}
