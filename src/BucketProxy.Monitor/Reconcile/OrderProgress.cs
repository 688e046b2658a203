using System.Collections.Immutable;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// Carries out the last rebalance order, whoever took it. What is done or given up leaves the order, so any leader can go on
/// with the rest.
/// </summary>
internal static class OrderProgress
{
    private const string Subject = "rebalance";

    public static void Run(Turn turn, Starts starts)
    {
        if (turn.View.Rebalance is not { Done: false } order || turn.Frozen || turn.IsWriting(Subject))
            return;
        if (turn.State.Order != order.Id)
        {
            // A new order is tried at once, whatever went wrong before it.
            turn.State = turn.State with
            {
                Order = order.Id,
                Backoffs = turn.State.Backoffs.RemoveRange(turn.State.Backoffs.Keys
                    .Where(b => order.Pending.Any(p => p.Bucket == b.ToString())).ToArray()),
            };
        }
        var pending = ImmutableArray.CreateBuilder<PlannedMoveRecord>();
        var refused = order.Refused.ToBuilder();
        foreach (var planned in order.Pending)
        {
            var verdict = Verdict(turn, starts, order, planned);
            if (verdict.Keep)
                pending.Add(planned);
            else if (verdict.Why is { } why)
                refused.Add(new RefusedMoveRecord(planned.Bucket, planned.Base, planned.To, why));
        }
        if (pending.Count == order.Pending.Length && pending.Count > 0)
            return;
        var next = order with { Pending = pending.ToImmutable(), Refused = refused.ToImmutable(), Done = pending.Count == 0 };
        turn.Write(Subject, $"order {order.Id}: {pending.Count} moves left",
            [Comparison.ModifiedAt(turn.Keys.Rebalance, order.ModRevision)],
            StoreOperation.PutText(turn.Keys.Rebalance, RecordJson.Write(next)));
    }

    private static (bool Keep, string? Why) Verdict(Turn turn, Starts starts, RebalanceOrder order, PlannedMoveRecord planned)
    {
        BasePrefix? pin = null;
        if (!Bucket.TryParse(planned.Bucket, out var bucket))
            return (false, "it names no bucket");
        if (planned.Base is not null)
        {
            if (!BasePrefix.TryParse(planned.Base, out var parsed))
                return (false, "it names no base");
            pin = parsed;
        }
        var grant = turn.GrantOf(bucket, pin);
        if (turn.View.Moves.TryGetValue(bucket, out var standing))
            return (standing.Order == order.Id || grant?.Owner == planned.From, "its owner has changed meanwhile");
        if (grant?.Owner == planned.To)
            return (false, null);
        if (grant?.Owner != planned.From)
            return (false, "its owner has changed meanwhile");
        if (turn.State.Backoffs.TryGetValue(bucket, out var backoff) && backoff.Failures >= turn.Options.OrderAttempts)
            return (false, $"aborted {backoff.Failures} times, last because {backoff.Why}");
        if (turn.Nodes.Standing(planned.From) != NodeStanding.Live)
            return (false, $"{planned.From} is not registered");
        var why = starts.Try(new WantedMove(bucket, pin, planned.From, planned.To, planned.Reason, Order: order.Id));
        return (why is null, why);
    }
}
