using System.Runtime.CompilerServices;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Testing;

/// <summary>
/// A store in memory, for tests. Every call but a watch is complete when it returns, so a test decides what happens in
/// which order; time is the given provider's.
/// </summary>
public sealed class MemoryStore : IClusterStore
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _timeProvider;
    private readonly ITimer _expiry;
    private readonly long _started;
    private readonly StoreModel _model;
    private TaskCompletionSource _changed = NewSignal();
    private bool _disposed;

    /// <summary>Makes an empty store.</summary>
    /// <param name="timeProvider">What leases are counted by.</param>
    /// <param name="clusterId">Its identity; lease ids follow from it.</param>
    public MemoryStore(TimeProvider timeProvider, ulong clusterId = 0xB0C)
        : this(timeProvider, new StoreModel(clusterId, clusterId))
    {
    }

    /// <summary>Makes a store that goes on from a backup: same identity and revision, no history. Leases that keys hang on
    /// live for another minute.</summary>
    public MemoryStore(TimeProvider timeProvider, StoreSnapshot backup)
        : this(timeProvider, Restored(backup))
    {
    }

    private MemoryStore(TimeProvider timeProvider, StoreModel model)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        _timeProvider = timeProvider;
        _started = timeProvider.GetTimestamp();
        _model = model;
        _expiry = timeProvider.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        SetExpiry_NeedsLock();
    }

    /// <inheritdoc/>
    public string Description => "store in memory";

    /// <summary>The revision of the last change.</summary>
    public long Revision
    {
        get
        {
            lock (_lock)
                return _model.Revision;
        }
    }

    /// <summary>Forgets the history before a revision.</summary>
    public void Compact(long revision)
    {
        lock (_lock)
            _model.Compact(revision);
    }

    /// <inheritdoc/>
    public Task<StoreSnapshot> ReadAsync(
        IReadOnlyList<string> prefixes,
        ReadConsistency consistency = ReadConsistency.Linearizable,
        CancellationToken cancellationToken = default) => Run(model => model.Read(prefixes), cancellationToken);

    /// <inheritdoc/>
    public Task<TransactionResult> CommitAsync(StoreTransaction transaction, CancellationToken cancellationToken = default) =>
        Run(model => model.Commit(transaction), cancellationToken);

    /// <inheritdoc/>
    public Task<LeaseGrant> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        Run(model => model.GrantLease(timeToLive, Now()), cancellationToken);

    /// <inheritdoc/>
    public Task<TimeSpan?> RenewLeaseAsync(long leaseId, CancellationToken cancellationToken = default) =>
        Run(model => model.RenewLease(leaseId, Now()), cancellationToken);

    /// <inheritdoc/>
    public Task RevokeLeaseAsync(long leaseId, CancellationToken cancellationToken = default) =>
        Run(model => model.RevokeLease(leaseId), cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<WatchBatch> WatchAsync(
        IReadOnlyList<string> prefixes, long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fromRevision, 1);
        var next = fromRevision;
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task;
            var from = next;
            if (await Run(model => model.ChangesFrom(prefixes, from), cancellationToken) is { } batch)
            {
                next = batch.Revision + 1;
                yield return batch;
            }
            else
            {
                await changed.WaitAsync(cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
            _disposed = true;
        Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult();
        return _expiry.DisposeAsync();
    }

    private Task<T> Run<T>(Func<StoreModel, T> run, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<T>(cancellationToken);
        try
        {
            lock (_lock)
            {
                if (_disposed)
                    throw new StoreUnavailableException("The store in memory is closed.");
                var before = _model.Revision;
                // A lease whose time is over is over, whether or not its timer has fired yet.
                _model.ExpireLeases(Now());
                var outcome = run(_model);
                AfterRun_NeedsLock(before);
                return Task.FromResult(outcome);
            }
        }
        catch (StoreException e)
        {
            return Task.FromException<T>(e);
        }
    }

    private void Expire()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            var before = _model.Revision;
            _model.ExpireLeases(Now());
            AfterRun_NeedsLock(before);
        }
    }

    private void AfterRun_NeedsLock(long before)
    {
        _model.TrimHistory(10_000);
        SetExpiry_NeedsLock();
        if (_model.Revision != before)
            Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult();
    }

    private void SetExpiry_NeedsLock() => _expiry.Change(
        _model.NextExpiry is { } at ? TimeSpan.FromTicks(Math.Max((at - Now()).Ticks, 0)) : Timeout.InfiniteTimeSpan,
        Timeout.InfiniteTimeSpan);

    private TimeSpan Now() => _timeProvider.GetElapsedTime(_started);

    private static StoreModel Restored(StoreSnapshot backup)
    {
        ArgumentNullException.ThrowIfNull(backup);
        var leases = backup.Entries.Select(e => e.LeaseId).Where(id => id != 0).Distinct().Order()
            .Select(id => new LeaseGrant(id, TimeSpan.FromMinutes(1)));
        var state = new StoreModelState(backup.ClusterId, backup.Revision, backup.Entries, [.. leases]);
        return StoreModel.Restore(state, ~backup.ClusterId + (ulong)backup.Revision, TimeSpan.Zero);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
