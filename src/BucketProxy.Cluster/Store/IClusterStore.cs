namespace BucketProxy.Cluster.Store;

/// <summary>
/// The strongly consistent key-value store that the cluster lives in, with etcd's semantics: one revision counter for
/// the whole store, reads of several prefixes at one revision, watches from a revision, compare-transactions, leases.
/// </summary>
/// <remarks>
/// Thread-safe. Every call has a deadline of its own and throws <see cref="StoreUnavailableException"/> when the store
/// cannot answer; the caller's token cancels with <see cref="OperationCanceledException"/>.
/// </remarks>
public interface IClusterStore : IAsyncDisposable
{
    /// <summary>What this store is, for logs and status: for example <c>etcd http://10.0.0.7:2379</c>.</summary>
    string Description { get; }

    /// <summary>
    /// Reads all keys under the given prefixes, at one revision.
    /// </summary>
    /// <param name="prefixes">Key prefixes; the empty string is every key.</param>
    /// <param name="consistency">Linearizable unless the caller can live with an old answer.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="StoreUnavailableException">No answer in time.</exception>
    Task<StoreSnapshot> ReadAsync(
        IReadOnlyList<string> prefixes,
        ReadConsistency consistency = ReadConsistency.Linearizable,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// All changes under the given prefixes from <paramref name="fromRevision"/> on (inclusive), in revision order.
    /// </summary>
    /// <remarks>
    /// Each batch is complete up to its <see cref="WatchBatch.Revision"/>: all events of a revision come in one batch, and a
    /// later batch holds only later revisions. A batch without events is progress: nothing changed up to its revision.
    /// The enumeration never ends by itself: it throws.
    /// </remarks>
    /// <param name="prefixes">Key prefixes; the empty string is every key.</param>
    /// <param name="fromRevision">First revision of interest, at least 1: a snapshot's revision + 1.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <exception cref="StoreCompactedException">Changes since <paramref name="fromRevision"/> are gone: read a new snapshot.</exception>
    /// <exception cref="StoreUnavailableException">The watch broke: watch again from the last batch's revision + 1.</exception>
    IAsyncEnumerable<WatchBatch> WatchAsync(
        IReadOnlyList<string> prefixes, long fromRevision, CancellationToken cancellationToken = default);

    /// <summary>
    /// Applies a transaction: if all comparisons hold, all of <see cref="StoreTransaction.Success"/>, else all of
    /// <see cref="StoreTransaction.Failure"/>; at one revision.
    /// </summary>
    /// <exception cref="StoreUnavailableException">No answer. <see cref="StoreUnavailableException.OutcomeUnknown"/> says
    /// whether it may have been applied all the same.</exception>
    /// <exception cref="StoreRejectedException">The store refuses it (too large, key put twice, lease not found).</exception>
    Task<TransactionResult> CommitAsync(StoreTransaction transaction, CancellationToken cancellationToken = default);

    /// <summary>Grants a lease. Keys put with it vanish when it ends.</summary>
    /// <param name="timeToLive">At least 1 s, whole seconds; the store may grant more.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<LeaseGrant> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default);

    /// <summary>
    /// Renews a lease once. The renewal counts from when it was <b>sent</b>: read the clock before the call.
    /// </summary>
    /// <returns>The time to live granted, or null: the lease is lost, its keys are gone or going.</returns>
    Task<TimeSpan?> RenewLeaseAsync(long leaseId, CancellationToken cancellationToken = default);

    /// <summary>Ends a lease at once and deletes its keys. A lease that is not there is no error.</summary>
    Task RevokeLeaseAsync(long leaseId, CancellationToken cancellationToken = default);
}
