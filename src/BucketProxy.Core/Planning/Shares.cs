namespace BucketProxy.Core.Planning;

/// <summary>How many buckets each node should own.</summary>
internal static class Shares
{
    private const double Epsilon = 1e-6;

    /// <summary>One node's part in the division.</summary>
    /// <param name="Weight">Above 0.</param>
    /// <param name="Capacity">The most it should own.</param>
    /// <param name="Count">What it owns.</param>
    /// <param name="Giveable">How much of that it could give away.</param>
    public readonly record struct Part(double Weight, int Capacity, int Count, int Giveable);

    /// <summary>
    /// Target counts that add up to <paramref name="total"/>: each is the node's share by weight, rounded down or up (cut at
    /// capacity; never below what it cannot give away), rounded so that the fewest buckets must move.
    /// </summary>
    /// <remarks>
    /// Why fewest: any target is the floor or the ceiling of the share, and a node must give away what it has above its target.
    /// The ceiling saves a move exactly at the nodes that own that much, so they get it first.
    /// </remarks>
    public static int[] Targets(IReadOnlyList<Part> parts, int total) => Divide(parts, total).Targets;

    /// <summary>The least and the most that each node may own for the counts to be even: its share rounded down and up.</summary>
    public static (int[] Least, int[] Most) Band(IReadOnlyList<Part> parts, int total)
    {
        var shares = Divide(parts, total).Shares;
        return ([.. shares.Select(s => (int)Math.Floor(s + Epsilon))], [.. shares.Select(s => (int)Math.Ceiling(s - Epsilon))]);
    }

    private static (int[] Targets, double[] Shares) Divide(IReadOnlyList<Part> parts, int total)
    {
        var fixedAt = new int?[parts.Count];
        while (true)
        {
            var shares = Exact(parts, fixedAt, total);
            var targets = Round(parts, fixedAt, shares, total);
            // A node that cannot come down to its target stays where it can come down to; the others share what is left.
            var again = false;
            for (var i = 0; i < parts.Count; i++)
            {
                var least = parts[i].Count - parts[i].Giveable;
                if (fixedAt[i] is null && targets[i] < least)
                {
                    fixedAt[i] = least;
                    again = true;
                }
            }
            if (!again)
                return (targets, shares);
        }
    }

    private static int[] Round(IReadOnlyList<Part> parts, int?[] fixedAt, double[] shares, int total)
    {
        var targets = new int[parts.Count];
        var rest = total;
        for (var i = 0; i < targets.Length; i++)
            rest -= targets[i] = (int)Math.Floor(shares[i] + Epsilon);

        var fractions = Enumerable.Range(0, targets.Length)
            .Where(i => fixedAt[i] is null && shares[i] - targets[i] > Epsilon)
            .OrderByDescending(i => parts[i].Count > targets[i])
            .ThenByDescending(i => parts[i].Count - parts[i].Giveable > targets[i])
            .ThenByDescending(i => Math.Round(shares[i] - targets[i], 6))
            .ThenBy(i => i);
        foreach (var i in fractions.Take(Math.Max(0, rest)))
        {
            targets[i]++;
            rest--;
        }
        return targets;
    }

    /// <summary>λ·weight, cut at capacity, with λ such that the sum is right.</summary>
    private static double[] Exact(IReadOnlyList<Part> parts, int?[] fixedAt, int total)
    {
        var free = Enumerable.Range(0, parts.Count).Where(i => fixedAt[i] is null).ToArray();
        double left = Math.Max(0, total - fixedAt.Sum(f => f ?? 0));
        // All together too small: capacity is a wish, an owner is a must (L1).
        var capped = free.Sum(i => (double)parts[i].Capacity) >= left;
        var shares = new double[parts.Count];
        for (var i = 0; i < shares.Length; i++)
            shares[i] = fixedAt[i] ?? 0;
        if (!capped)
        {
            var over = left - free.Sum(i => (double)parts[i].Capacity);
            var weights = free.Sum(i => parts[i].Weight);
            foreach (var i in free)
                shares[i] = parts[i].Capacity + over * parts[i].Weight / weights;
            return shares;
        }

        // By rising capacity per weight: whoever is full before the others is cut first.
        var weight = free.Sum(i => parts[i].Weight);
        foreach (var i in free.OrderBy(i => parts[i].Capacity / parts[i].Weight).ThenBy(i => i))
        {
            shares[i] = Math.Min(parts[i].Capacity, left * parts[i].Weight / weight);
            left -= shares[i];
            weight -= parts[i].Weight;
        }
        return shares;
    }
}
