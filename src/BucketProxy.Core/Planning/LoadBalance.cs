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
        foreach (var bucket in _movable[from])
        {
            if (!_work.May(bucket, to))
                continue;
            if (single)
                Consider(bucket, Workspace.Nobody);
            if (budget < 2)
                continue;
            foreach (var back in _movable[to])
            {
                if (_work.Load[back] < _work.Load[bucket] && _work.May(back, from))
                    Consider(bucket, back);
            }
        }
        return best;

        void Consider(int bucket, int back)
        {
            var net = _work.Load[bucket] - (back < 0 ? 0 : _work.Load[back]);
            var before = Use(_load, from);
            var after = Math.Max(
                (_load[from] - net) / _work.Nodes[from].Weight, (_load[to] + net) / _work.Nodes[to].Weight);
            var gain = before - after;
            if (gain < _limits.SmallestGain * _mean)
                return;
            var worth = gain / (Cost(bucket) + (back < 0 ? 0 : Cost(back)));
            if (best is not { } b || worth > b.Worth
                || (worth == b.Worth && _work.Rank(bucket, to) > _work.Rank(b.Bucket, b.To)))
            {
                best = new Step(bucket, from, to, back, worth);
            }
        }
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
        _load[from] -= _work.Load[bucket];
        _load[to] += _work.Load[bucket];
        _counts[from]--;
        _counts[to]++;
        _work.Move(bucket, to, PlanReason.Load);
    }
}
