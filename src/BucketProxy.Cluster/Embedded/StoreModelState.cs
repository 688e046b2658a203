using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Embedded;

/// <summary>
/// A <see cref="StoreModel"/> as a value, without its history: whoever watches from a revision before
/// <paramref name="Revision"/> + 1 has to read a new snapshot.
/// </summary>
/// <param name="ClusterId">Identity of the store.</param>
/// <param name="Revision">Its revision.</param>
/// <param name="Entries">All keys, in rising ordinal order.</param>
/// <param name="Leases">All leases. How much of each is left is not kept: a restored lease has its full time to live.</param>
public sealed record StoreModelState(
    ulong ClusterId, long Revision, IReadOnlyList<StoreEntry> Entries, IReadOnlyList<LeaseGrant> Leases);
