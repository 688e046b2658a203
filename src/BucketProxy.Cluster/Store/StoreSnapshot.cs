namespace BucketProxy.Cluster.Store;

/// <summary>How fresh a read must be.</summary>
public enum ReadConsistency
{
    /// <summary>Reflects every write that was acknowledged before the read was sent.</summary>
    Linearizable,

    /// <summary>Whatever the store's member has: may be old, also when a majority is lost.</summary>
    Serializable,
}

/// <summary>Keys as of one revision.</summary>
/// <param name="ClusterId">Identity of the store: another one is another store, or a restored one.</param>
/// <param name="Revision">The revision the whole snapshot is of.</param>
/// <param name="Entries">In rising ordinal order of key, each key once.</param>
public sealed record StoreSnapshot(ulong ClusterId, long Revision, IReadOnlyList<StoreEntry> Entries);
