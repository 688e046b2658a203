namespace BucketProxy.Core.Planning;

/// <summary>
/// Evens out measured load, inside the count band: a single move where the counts leave room, else a swap. Each step takes
/// the best gain per cost and makes the busier of the two nodes less busy, so it ends.
/// </summary>
internal sealed class LoadBalance
{
    /// <summary>Partners tried for each step: all, up to this many; in a larger cluster the least busy ones.</summary>
    private const int Partners = 64;

    private readonly Workspace _work;
    private readonly PlannerLimits _limits;
    private readonly int[] _members;
    private readonly double[] _load;
    private readonly int[] _counts;
    private readonly int[] _least;
    private readonly int[] _most;
    private readonly List<int>[] _movable;
    // The same buckets, by rising load.
    private readonly List<int>[] _byLoad;
    private readonly double _mean;

    private LoadBalance(Workspace work, PlannerLimits limits)
    {
        _work = work;
        _limits = limits;
        _members = [.. Enumerable.Range(0, work.Nodes.Length).Where(n => work.Nodes[n].Takes)];
        _load = work.LoadOfNodes(work.Load);
        _counts = work.Counts();
        (_least, _most) = CountBand.BandOf(work);
        _movable = work.BucketsOfNodes();
        for (var n = 0; n < _movable.Length; n++)
        {
            if (work.Nodes[n].Gives)
                _movable[n].RemoveAll(b => work.Busy[b] || work.Moved[b] || work.Resting[b]);
            else
                _movable[n].Clear();
        }
        _byLoad = [.. _movable.Select(buckets => buckets.OrderBy(b => work.Load[b]).ThenBy(b => b).ToList())];
        _mean = MeanOf(_load);
    }

    /// <summary>A step: <see cref="Back"/> is the bucket that comes in exchange, or −1.</summary>
    private readonly record struct Step(int Bucket, int From, int To, int Back, double Worth);

    /// <param name="work">Is changed.</param>
    /// <param name="limits">Thresholds.</param>
    /// <param name="budget">C1: the most buckets that may still move.</param>
    public static void Even(Workspace work, PlannerLimits limits, int budget)
    {
        if (work.Samples.Length < limits.LoadSamples || limits.LoadSamples < 1)
            return;
        var balance = new LoadBalance(work, limits);
        if (balance._members.Length < 2 || !balance.IsUnevenInEverySample())
            return;
        while (budget > 0 && balance.Next(budget) is { } step)
            budget -= balance.Take(step);
    }

    private bool IsUnevenInEverySample()
    {
        foreach (var sample in _work.Samples)
        {
            var load = _work.LoadOfNodes(sample);
            if (_members.Max(n => Use(load, n)) <= _limits.LoadHigh * MeanOf(load))
                return false;
        }
        return true;
    }

    private double Use(double[] load, int node) => load[node] / _work.Nodes[node].Weight;

    private double MeanOf(double[] load) => _members.Sum(n => load[n]) / _members.Sum(n => _work.Nodes[n].Weight);

    /// <summary>The best step off the busiest node that one can be found for.</summary>
    private Step? Next(int budget)
    {
        var byUse = _members.OrderByDescending(n => Use(_load, n)).ThenBy(n => n).ToArray();
        var partners = byUse.Reverse().Take(Partners).ToArray();
        foreach (var from in byUse)
        {
            if (Use(_load, from) <= _limits.LoadLow * _mean)
                return null;
            Step? best = null;
            foreach (var to in partners)
            {
                if (Use(_load, to) < Use(_load, from))
                    best = BestBetween(from, to, budget, best);
            }
            if (best is not null)
                return best;
        }
        return null;
    }

    private Step? BestBetween(int from, int to, int budget, Step? best)
    {
        var single = _counts[from] > _least[from] && _counts[to] < _most[to];
        // What would have to go over to make both ends equally busy: the nearer to it, the greater the gain.
        var (ours, theirs) = (_work.Nodes[from].Weight, _work.Nodes[to].Weight);
        var ideal = (theirs * _load[from] - ours * _load[to]) / (ours + theirs);
        if (!IsWorthTrying(from, to, ideal, cost: 1, best))
            return best;
        foreach (var bucket in _movable[from])
        {
            if (!_work.May(bucket, to))
                continue;
            if (single)
                best = Better(best, bucket, from, to, Workspace.Nobody);
            if (budget >= 2)
                best = BestExchange(bucket, from, to, _work.Load[bucket] - ideal, best);
        }
        return best;
    }

    /// <summary>The best step that sends <paramref name="bucket"/> and takes another back, tried outwards from the load that would be
    /// ideal until none further off can be better.</summary>
    private Step? BestExchange(int bucket, int from, int to, double idealBack, Step? best)
    {
        var backs = _byLoad[to];
        var load = _work.Load[bucket];
        var cost = 1 + Cost(bucket);
        var middle = FirstNotBelow(backs, idealBack);
        for (var i = middle; i < backs.Count && Try(backs[i]); i++)
        {
        }
        for (var i = middle - 1; i >= 0 && Try(backs[i]); i--)
        {
        }
        return best;

        bool Try(int back)
        {
            var net = load - _work.Load[back];
            // From here outwards less is gained with each.
            if (net <= 0 || !IsWorthTrying(from, to, net, cost, best))
                return false;
            if (_work.May(back, from))
                best = Better(best, bucket, from, to, back);
            return true;
        }
    }

    private int FirstNotBelow(List<int> byLoad, double load)
    {
        var (low, high) = (0, byLoad.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_work.Load[byLoad[middle]] < load)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private double Gain(int from, int to, double net) => Use(_load, from) - Math.Max(
        (_load[from] - net) / _work.Nodes[from].Weight, (_load[to] + net) / _work.Nodes[to].Weight);

    /// <summary>Whether a step that sends <paramref name="net"/> over, at <paramref name="cost"/> or more, could be as good as the best. Not
    /// exact, on the safe side: the exact comparison follows.</summary>
    private bool IsWorthTrying(int from, int to, double net, double cost, Step? best)
    {
        const double Slack = 1 + 1e-9;
        var gain = Gain(from, to, net) * Slack;
        return gain >= _limits.SmallestGain * _mean && (best is not { } b || gain >= b.Worth * cost);
    }

    /// <summary>The better of <paramref name="best"/> and a step. Of two alike that send the same bucket to the same node, the one that takes
    /// nothing back, else the bucket that comes first.</summary>
    private Step? Better(Step? best, int bucket, int from, int to, int back)
    {
        var net = _work.Load[bucket] - (back < 0 ? 0 : _work.Load[back]);
        var gain = Gain(from, to, net);
        if (gain < _limits.SmallestGain * _mean)
            return best;
        var worth = gain / (Cost(bucket) + (back < 0 ? 0 : Cost(back)));
        if (best is not { } b || worth > b.Worth || (worth == b.Worth && Precedes()))
            return new Step(bucket, from, to, back, worth);
        return best;

        bool Precedes() => bucket == b.Bucket && to == b.To ? back < b.Back : _work.Rank(bucket, to) > _work.Rank(b.Bucket, b.To);
    }

    private double Cost(int bucket) => 1 + _work.Sockets[bucket] / _limits.SocketsPerMove;

    private int Take(Step step)
    {
        Carry(step.Bucket, step.From, step.To);
        if (step.Back < 0)
            return 1;
        Carry(step.Back, step.To, step.From);
        return 2;
    }

    private void Carry(int bucket, int from, int to)
    {
        _movable[from].Remove(bucket);
        _byLoad[from].Remove(bucket);
        _load[from] -= _work.Load[bucket];
        _load[to] += _work.Load[bucket];
        _counts[from]--;
        _counts[to]++;
        _work.Move(bucket, to, PlanReason.Load);
    }
}
