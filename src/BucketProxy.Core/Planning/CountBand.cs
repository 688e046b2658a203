namespace BucketProxy.Core.Planning;

/// <summary>
/// Evens out counts with the fewest moves (C2): what a node has above its target is given away, nothing else moves. Which
/// bucket goes where is free, so load, open sockets and rest decide it.
/// </summary>
internal sealed class CountBand
{
    private readonly Workspace _work;
    private readonly double _socketsPerMove;
    private readonly int[] _surplus;
    private readonly double[] _load;
    private readonly List<int>[] _giveable;
    private readonly HashSet<(int From, int To)> _blocked = [];

    private enum Giving
    {
        /// <summary>What its node can release.</summary>
        Released,

        /// <summary>That, and what this plan has just placed: it was not there before, and can as well go elsewhere.</summary>
        ReleasedOrPlaced,

        /// <summary>As if every node could release.</summary>
        Everything,
    }

    private CountBand(Workspace work, Giving giving, double socketsPerMove)
    {
        _work = work;
        _socketsPerMove = socketsPerMove;
        _load = work.LoadOfNodes(work.Load);
        _giveable = Giveable(work, giving);
        _surplus = new int[work.Nodes.Length];
        var counts = work.Counts();
        var (parts, members) = PartsOf(work, counts, _giveable);
        var targets = Shares.Targets(parts, parts.Sum(p => p.Count));
        for (var i = 0; i < members.Length; i++)
            _surplus[members[i]] = counts[members[i]] - targets[i];
    }

    /// <param name="work">Is changed.</param>
    /// <param name="socketsPerMove">See <see cref="PlannerLimits.SocketsPerMove"/>.</param>
    public static void Even(Workspace work, double socketsPerMove)
    {
        new CountBand(work, Giving.ReleasedOrPlaced, socketsPerMove).Run();
        // L3: where S9 left a node with more than its target, the shares of the others are smaller. Planning again on the outcome
        // must find nothing, so that is done right here; each time there is less to do, and the bound only guards the proof.
        for (var round = 0; round < 10 && new CountBand(work, Giving.Released, socketsPerMove).Run(); round++)
        {
        }
    }

    /// <summary>The moves that would even out counts if every node could release.</summary>
    /// <param name="work">A copy: is changed.</param>
    /// <param name="socketsPerMove">See <see cref="PlannerLimits.SocketsPerMove"/>.</param>
    public static void EvenAsIfAllReleased(Workspace work, double socketsPerMove) =>
        new CountBand(work, Giving.Everything, socketsPerMove).Run();

    /// <summary>The band that <see cref="Even"/> leads to.</summary>
    public static (int[] Least, int[] Most) BandOf(Workspace work)
    {
        var (parts, members) = PartsOf(work, work.Counts(), Giveable(work, Giving.Released));
        var band = Shares.Band(parts, parts.Sum(p => p.Count));
        var least = new int[work.Nodes.Length];
        var most = new int[work.Nodes.Length];
        for (var i = 0; i < members.Length; i++)
            (least[members[i]], most[members[i]]) = (band.Least[i], band.Most[i]);
        return (least, most);
    }

    private static List<int>[] Giveable(Workspace work, Giving giving)
    {
        var buckets = work.BucketsOfNodes();
        for (var n = 0; n < buckets.Length; n++)
        {
            var gives = !work.Nodes[n].Suspect && (giving == Giving.Everything || work.Nodes[n].CanRelease);
            buckets[n].RemoveAll(b => work.Busy[b] || !(gives || (giving == Giving.ReleasedOrPlaced && work.Moved[b])));
        }
        return buckets;
    }

    private static (Shares.Part[] Parts, int[] Members) PartsOf(Workspace work, int[] counts, List<int>[] giveable)
    {
        var members = Enumerable.Range(0, work.Nodes.Length).Where(n => work.Nodes[n].Takes).ToArray();
        return ([.. members.Select(n => new Shares.Part(
            work.Nodes[n].Weight, work.Nodes[n].Capacity, counts[n], giveable[n].Count))], members);
    }

    /// <returns>Whether anything moved.</returns>
    private bool Run()
    {
        var moved = false;
        while (TryPair(out var from, out var to))
        {
            if (Pick(from, to) is { } bucket)
            {
                Give(bucket, from, to);
                moved = true;
            }
            else
            {
                _blocked.Add((from, to));
            }
        }
        while (TryChain())
            moved = true;
        return moved;
    }

    /// <summary>The busiest node with a surplus and the least busy one with room; where load says nothing, the fullest.</summary>
    private bool TryPair(out int from, out int to)
    {
        from = to = Workspace.Nobody;
        for (var d = 0; d < _surplus.Length; d++)
        {
            if (_surplus[d] <= 0 || (from != Workspace.Nobody && !Busier(d, from)))
                continue;
            var best = Workspace.Nobody;
            for (var r = 0; r < _surplus.Length; r++)
            {
                if (_surplus[r] < 0 && !_blocked.Contains((d, r)) && (best == Workspace.Nobody || Busier(best, r)))
                    best = r;
            }
            if (best != Workspace.Nobody)
                (from, to) = (d, best);
        }
        return from != Workspace.Nobody;
    }

    private bool Busier(int n, int other)
    {
        var byLoad = (_load[n] / _work.Nodes[n].Weight).CompareTo(_load[other] / _work.Nodes[other].Weight);
        return byLoad > 0 || (byLoad == 0 && _surplus[n] > _surplus[other]);
    }

    private int? Pick(int from, int to)
    {
        int? best = null;
        (int Ease, double Worth, ulong Rank) bestKey = default;
        foreach (var bucket in _giveable[from])
        {
            if (!_work.May(bucket, to))
                continue;
            var key = (_work.Moved[bucket] ? 2 : _work.Resting[bucket] ? 0 : 1, Worth(bucket, from, to), _work.Rank(bucket, to));
            if (best is null || key.CompareTo(bestKey) > 0)
                (best, bestKey) = (bucket, key);
        }
        return best;
    }

    /// <summary>How much evener the two become, per cost; below zero when they become less even.</summary>
    private double Worth(int bucket, int from, int to)
    {
        double load = _work.Load[bucket], cost = 1 + _work.Sockets[bucket] / _socketsPerMove;
        double giver = _work.Nodes[from].Weight, taker = _work.Nodes[to].Weight;
        var gain = load * (2 * _load[from] - load) / giver - load * (2 * _load[to] + load) / taker;
        return gain > 0 ? gain / cost : gain == 0 ? -cost * 1e-9 : gain * cost;
    }

    private void Give(int bucket, int from, int to)
    {
        _giveable[from].Remove(bucket);
        _surplus[from]--;
        _surplus[to]++;
        _load[from] -= _work.Load[bucket];
        _load[to] += _work.Load[bucket];
        _work.Move(bucket, to, PlanReason.Balance);
    }

    /// <summary>
    /// S9 may shut every bucket of a node out of the room that is left. Then an earlier move makes way: its bucket goes to
    /// the room, ours takes its place. No more moves than before.
    /// </summary>
    private bool TryChain()
    {
        for (var d = 0; d < _surplus.Length; d++)
        {
            for (var r = 0; r < _surplus.Length && _surplus[d] > 0; r++)
            {
                if (_surplus[r] >= 0)
                    continue;
                for (var m = 0; m < _work.Moves.Count; m++)
                {
                    var earlier = _work.Moves[m];
                    if (!_work.May(earlier.Bucket, r) || earlier.From == r || earlier.To == d || earlier.To == r
                        || !_work.Nodes[earlier.To].Takes || Pick(d, earlier.To) is not { } bucket)
                    {
                        continue;
                    }
                    _work.Move(earlier.Bucket, r, earlier.Reason);
                    _giveable[earlier.To].Remove(earlier.Bucket);
                    _surplus[r]++;
                    _surplus[earlier.To]--;
                    Give(bucket, d, earlier.To);
                    return true;
                }
            }
        }
        return false;
    }
}
