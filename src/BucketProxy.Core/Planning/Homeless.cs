namespace BucketProxy.Core.Planning;

/// <summary>
/// Finds owners for buckets that have none or must leave theirs, without moving any other: each node is filled up towards
/// its share, the busiest bucket goes first and to the least busy node.
/// </summary>
internal static class Homeless
{
    public static void PlaceOrphans(Workspace work) =>
        Place(work, [.. Enumerable.Range(0, work.Owner.Length).Where(b => work.Owner[b] == Workspace.Nobody)], PlanReason.Orphan);

    public static void PlaceDraining(Workspace work)
    {
        var leaving = new List<int>();
        for (var b = 0; b < work.Owner.Length; b++)
        {
            if (work.Owner[b] == Workspace.Nobody || !work.Nodes[work.Owner[b]].Drains || work.Busy[b] || work.Moved[b])
                continue;
            if (work.Nodes[work.Owner[b]].Gives)
                leaving.Add(b);
            else
                work.Refused.Add(new WorkRefusal(b, work.Owner[b], Workspace.Nobody, PlanReason.Drain));
        }
        Place(work, leaving, PlanReason.Drain);
    }

    private static void Place(Workspace work, List<int> homeless, PlanReason reason)
    {
        homeless.RemoveAll(b => work.Busy[b]);
        if (homeless.Count == 0)
            return;
        var room = RoomFor(work, homeless.Count);
        var load = work.LoadOfNodes(work.Load);
        foreach (var bucket in homeless.OrderByDescending(b => work.Load[b]).ThenBy(b => b).ToArray())
        {
            var to = Best(work, bucket, load, n => room[n] > 0);
            if (to == Workspace.Nobody)
            {
                // S9 shuts it out wherever there is room: then one too many somewhere, rather where it can be evened out. An
                // owner is a must (L1).
                var counts = work.Counts();
                to = Best(work, bucket, load, n => counts[n] < work.Nodes[n].Capacity && work.Nodes[n].Gives);
                if (to == Workspace.Nobody)
                    to = Best(work, bucket, load, n => true);
            }
            if (to == Workspace.Nobody)
            {
                work.Refused.Add(new WorkRefusal(bucket, work.Owner[bucket], Workspace.Nobody, reason));
                continue;
            }
            room[to]--;
            load[to] += work.Load[bucket];
            work.Move(bucket, to, reason);
        }
    }

    /// <summary>How many each node gets, when nobody gives any away.</summary>
    private static int[] RoomFor(Workspace work, int homeless)
    {
        var counts = work.Counts();
        var takers = Enumerable.Range(0, work.Nodes.Length).Where(n => work.Nodes[n].Takes).ToArray();
        var targets = Shares.Targets(
            [.. takers.Select(n => new Shares.Part(work.Nodes[n].Weight, work.Nodes[n].Capacity, counts[n], 0))],
            homeless + takers.Sum(n => counts[n]));
        var room = new int[work.Nodes.Length];
        for (var i = 0; i < takers.Length; i++)
            room[takers[i]] = targets[i] - counts[takers[i]];
        return room;
    }

    private static int Best(Workspace work, int bucket, double[] load, Func<int, bool> hasRoom)
    {
        var best = Workspace.Nobody;
        for (var n = 0; n < work.Nodes.Length; n++)
        {
            if (!work.Nodes[n].Takes || !hasRoom(n) || !work.May(bucket, n))
                continue;
            if (best == Workspace.Nobody)
            {
                best = n;
                continue;
            }
            var byLoad = (load[n] / work.Nodes[n].Weight).CompareTo(load[best] / work.Nodes[best].Weight);
            if (byLoad < 0 || (byLoad == 0 && work.Rank(bucket, n) > work.Rank(bucket, best)))
                best = n;
        }
        return best;
    }
}
