using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Alarms;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// When more than one, and more than a third, of the owners go at once, it is rarely the servers that died: rather a network
/// or a store that lost its leases. Giving everything to the rest would overload them and cost every base its memory.
/// </summary>
internal static class MassLoss
{
    private const string Subject = "policy/cluster";

    public static void Guard(Turn turn)
    {
        var policy = turn.View.Policy;
        turn.Frozen = policy.Frozen;
        if (policy.Frozen)
        {
            turn.Raise(AlarmKind.Frozen, "", "No bucket changes owner: " + (policy.FrozenReason ?? "no reason given") + ".",
                "Find out why, then lift it: unfreeze.");
        }
        if (turn.Options.IsStatic)
            return;

        Count(turn);
        var losses = turn.State.Losses;
        if (losses.Count <= 1)
            return;
        var owners = Owners(turn);
        owners.UnionWith(losses.Keys);
        if (losses.Count * 3 <= owners.Count)
            return;

        var why = $"{losses.Count} of {owners.Count} owners went within {turn.Options.MassLossWindow.TotalSeconds} s: "
            + string.Join(", ", losses.Keys);
        turn.Raise(AlarmKind.MassLoss, "", why + ".",
            "Look at the network and the store first. When the servers are really lost, lift the freeze: their buckets then go to the others.");
        // As long as none of them is dead, nothing is taken from anybody: it may be a restart of all, or lost leases.
        if (losses.Keys.All(id => turn.Nodes.Standing(id) != NodeStanding.Dead))
            return;
        turn.Frozen = true;
        // Behind gates they are dead at once, but so many may come back at once as well: their grace is only given here.
        if (!losses.Any(l => IsOver(turn, l.Key, l.Value)))
            return;
        if (!policy.Frozen && !turn.IsWriting(Subject))
        {
            turn.Write(Subject, "freeze: " + why,
                [Comparison.ModifiedAt(turn.Keys.ClusterPolicy, policy.ModRevision)],
                StoreOperation.PutText(turn.Keys.ClusterPolicy,
                    RecordJson.Write(policy with { Frozen = true, FrozenReason = why })));
        }
    }

    private static bool IsOver(Turn turn, string id, TimeSpan since) =>
        turn.Nodes.Standing(id) == NodeStanding.Dead
        && (turn.Nodes.Find(id) is not { IsProvenDead: true } || turn.Passed(since + turn.Options.NodeGrace));

    private static void Count(Turn turn)
    {
        var losses = turn.State.Losses;
        foreach (var id in Owners(turn))
        {
            var gone = turn.State.Nodes.TryGetValue(id, out var watch) ? watch.GoneSince : null;
            if (gone is { } since && !losses.ContainsKey(id))
                losses = losses.SetItem(id, since);
        }
        foreach (var (id, since) in losses)
        {
            // Back, or accepted by an operator, or long ago: no longer part of one event.
            if (turn.Nodes.Standing(id) == NodeStanding.Live || turn.View.Policy.AcceptedLosses.Contains(id)
                || turn.Passed(since + turn.Options.MassLossWindow))
            {
                losses = losses.Remove(id);
            }
        }
        turn.State = turn.State with { Losses = losses };

        // Who came back and goes again is a new loss.
        var policy = turn.View.Policy;
        var still = policy.AcceptedLosses.RemoveAll(id => turn.Nodes.Standing(id) == NodeStanding.Live);
        if (still.Length != policy.AcceptedLosses.Length && !turn.IsWriting(Subject))
        {
            turn.Write(Subject, "accepted losses came back",
                [Comparison.ModifiedAt(turn.Keys.ClusterPolicy, policy.ModRevision)],
                StoreOperation.PutText(turn.Keys.ClusterPolicy, RecordJson.Write(policy with { AcceptedLosses = still })));
        }
    }

    public static SortedSet<string> Owners(Turn turn)
    {
        var owners = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var grant in turn.View.Assignments.Values)
            owners.Add(grant.Owner);
        foreach (var grant in turn.View.Pins.Values)
            owners.Add(grant.Owner);
        return owners;
    }
}
