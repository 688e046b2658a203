namespace BucketProxy.Cluster.Embedded;

/// <summary>Key prefixes as sets of keys.</summary>
internal static class PrefixSet
{
    /// <summary>The same keys by prefixes of which none holds another, in rising order.</summary>
    public static IEnumerable<string> Disjoint(IReadOnlyList<string> prefixes)
    {
        if (prefixes.Count <= 1)
            return prefixes;
        var disjoint = new List<string>();
        // In ordinal order a prefix stands right before everything that begins with it.
        foreach (var prefix in prefixes.Order(StringComparer.Ordinal))
        {
            if (disjoint.Count == 0 || !prefix.StartsWith(disjoint[^1], StringComparison.Ordinal))
                disjoint.Add(prefix);
        }
        return disjoint;
    }

    /// <summary>Whether the key begins with one of them.</summary>
    public static bool Holds(IReadOnlyList<string> prefixes, string key)
    {
        for (var i = 0; i < prefixes.Count; i++)
        {
            if (key.StartsWith(prefixes[i], StringComparison.Ordinal))
                return true;
        }
        return false;
    }
}
