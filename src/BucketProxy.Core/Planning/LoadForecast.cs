using BucketProxy.Core.Bases;

namespace BucketProxy.Core.Planning;

/// <summary>How even a load is, and how even it could be at best.</summary>
/// <param name="Busiest">Load of the busiest node, by weight.</param>
/// <param name="Mean">Mean load by weight.</param>
/// <param name="LowerBound">The least that <see cref="Imbalance"/> can be, as long as no bucket is split.</param>
public readonly record struct LoadBalanceReport(double Busiest, double Mean, double LowerBound)
{
    /// <summary>Busiest node over mean: 1 is even. 1 without load.</summary>
    public double Imbalance => Mean > 0 ? Busiest / Mean : 1;
}

/// <summary>Makes skewed loads and says how even they fall on nodes: for a simulation before the real thing.</summary>
public static class LoadForecast
{
    /// <summary>
    /// A load in which the base of rank k (from 1) gets a share of the requests in proportion to 1/k^<paramref name="skew"/>.
    /// </summary>
    /// <param name="bases">How many bases; at least 1.</param>
    /// <param name="skew">The exponent of Zipf's law: 0 is even, 1.2 is what large clouds see. Not negative.</param>
    /// <param name="requestsPerSecond">All bases together.</param>
    /// <param name="seed">The same seed gives the same bases.</param>
    public static IReadOnlyList<(BaseId Base, double Rate)> Zipf(int bases, double skew, double requestsPerSecond, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bases, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(skew);
        var random = new Random(seed);
        var weights = Enumerable.Range(1, bases).Select(k => Math.Pow(k, -skew)).ToArray();
        var sum = weights.Sum();
        return [.. weights.Select(w => (
            new BaseId(new UInt128((ulong)random.NextInt64(long.MinValue, long.MaxValue), (ulong)random.NextInt64())),
            requestsPerSecond * w / sum))];
    }

    /// <summary>The load of buckets that the bases make. Bases under one of <paramref name="pinned"/> are left out.</summary>
    public static LoadSample OfBuckets(
        IEnumerable<(BaseId Base, double Rate)> bases, IReadOnlyCollection<BasePrefix>? pinned = null)
    {
        ArgumentNullException.ThrowIfNull(bases);
        var loads = new Dictionary<Bucket, PlannerLoad>();
        foreach (var (id, rate) in bases)
        {
            if (pinned is null || !pinned.Any(p => p.Covers(id)))
                loads[id.Bucket] = new PlannerLoad(loads.GetValueOrDefault(id.Bucket).Rate + rate);
        }
        return new LoadSample(loads);
    }

    /// <summary>How even the newest sample of <paramref name="input"/> falls on the nodes that take buckets.</summary>
    public static LoadBalanceReport Report(PlannerInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var nodes = input.Nodes.Where(n => n is { Suspect: false, Draining: false, Cordoned: false })
            .ToDictionary(n => n.Id, StringComparer.Ordinal);
        if (nodes.Count == 0 || input.Loads.Count == 0)
            return new LoadBalanceReport(0, 0, 1);
        var sums = nodes.Keys.ToDictionary(id => id, _ => 0.0, StringComparer.Ordinal);
        var largest = 0.0;
        foreach (var (bucket, load) in input.Loads[^1].Buckets)
            Add(input.Owners.GetValueOrDefault(bucket), load.Rate);
        foreach (var pin in input.Pins)
            Add(pin.Owner, pin.Rate);

        var weight = nodes.Values.Sum(n => n.Weight);
        var mean = sums.Values.Sum() / weight;
        // No node can have less than the largest indivisible piece, and it is lightest on the node of the greatest weight.
        var least = largest / nodes.Values.Max(n => n.Weight);
        return new LoadBalanceReport(
            sums.Max(s => s.Value / nodes[s.Key].Weight), mean, mean > 0 ? Math.Max(1, least / mean) : 1);

        void Add(string? owner, double rate)
        {
            if (owner is null || !sums.ContainsKey(owner))
                return;
            sums[owner] += rate;
            largest = Math.Max(largest, rate);
        }
    }
}
