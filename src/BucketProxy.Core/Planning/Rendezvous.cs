namespace BucketProxy.Core.Planning;

/// <summary>
/// Ranks nodes for a bucket without any order between them (highest random weight): the tie-break that makes plans
/// independent of the order in which things are listed. Stable across processes and versions.
/// </summary>
internal static class Rendezvous
{
    /// <summary>FNV-1a over the id's UTF-16 code units.</summary>
    public static ulong HashOf(string nodeId)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in nodeId)
            hash = (hash ^ c) * 1099511628211UL;
        return hash;
    }

    /// <summary>The rank of a node for a bucket; the highest wins. The finalizer is SplitMix64's.</summary>
    public static ulong Rank(ulong nodeHash, int bucket)
    {
        var z = nodeHash + (ulong)(bucket + 1) * 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
