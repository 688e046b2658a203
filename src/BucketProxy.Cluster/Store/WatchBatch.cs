namespace BucketProxy.Cluster.Store;

/// <summary>A stretch of changes, complete up to <see cref="Revision"/>.</summary>
/// <param name="ClusterId">Identity of the store.</param>
/// <param name="Revision">Everything up to and including this revision has now been delivered.</param>
/// <param name="Events">The changes, by revision; empty for progress.</param>
public sealed record WatchBatch(ulong ClusterId, long Revision, IReadOnlyList<WatchEvent> Events);

/// <summary>One change of one key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Revision">The revision of the change.</param>
/// <param name="Entry">The key's new state, or null: it was deleted (or its lease ended).</param>
public sealed record WatchEvent(string Key, long Revision, StoreEntry? Entry);
