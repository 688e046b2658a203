using System.Runtime.CompilerServices;
using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Tests.Mirror;

/// <summary>A store that lets a test do something at one exact point of a read or a watch.</summary>
internal sealed class HookedStore(IClusterStore inner) : IClusterStore
{
    private int _reads;

    public string Description => inner.Description;

    /// <summary>How many reads were sent.</summary>
    public int Reads => Volatile.Read(ref _reads);

    /// <summary>Awaited after the store answered a read and before the caller gets the answer.</summary>
    public Func<StoreSnapshot, Task>? AfterRead { get; set; }

    /// <summary>Awaited before a batch is delivered.</summary>
    public Func<WatchBatch, Task>? BeforeBatch { get; set; }

    /// <summary>Awaited after the store answered a renewal and before the caller gets the answer.</summary>
    public Func<Task>? AfterRenewal { get; set; }

    public async Task<StoreSnapshot> ReadAsync(
        IReadOnlyList<string> prefixes, ReadConsistency consistency = ReadConsistency.Linearizable, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _reads);
        var snapshot = await inner.ReadAsync(prefixes, consistency, cancellationToken);
        if (AfterRead is { } hook)
            await hook(snapshot);
        return snapshot;
    }

    public async IAsyncEnumerable<WatchBatch> WatchAsync(
        IReadOnlyList<string> prefixes, long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var batch in inner.WatchAsync(prefixes, fromRevision, cancellationToken))
        {
            if (BeforeBatch is { } hook)
                await hook(batch);
            yield return batch;
        }
    }

    public Task<TransactionResult> CommitAsync(StoreTransaction transaction, CancellationToken cancellationToken = default) =>
        inner.CommitAsync(transaction, cancellationToken);

    public Task<LeaseGrant> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        inner.GrantLeaseAsync(timeToLive, cancellationToken);

    public async Task<TimeSpan?> RenewLeaseAsync(long leaseId, CancellationToken cancellationToken = default)
    {
        var left = await inner.RenewLeaseAsync(leaseId, cancellationToken);
        if (AfterRenewal is { } hook)
            await hook();
        return left;
    }

    public Task RevokeLeaseAsync(long leaseId, CancellationToken cancellationToken = default) =>
        inner.RevokeLeaseAsync(leaseId, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
