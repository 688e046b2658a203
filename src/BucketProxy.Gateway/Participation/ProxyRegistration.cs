using System.Collections.Immutable;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Leases;
using BucketProxy.Cluster.LocalState;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Participation;

/// <summary>
/// The proxy's own keys in the store, and the lease that two of them live under. Each write is done once, and fails with the store's or
/// the disk's exception; it comes back as what it changes of the proxy's standing by then, for that may have changed while it was under way.
/// </summary>
/// <remarks>One write at a time (<see cref="WriteSlot{TState}"/> sees to that); the lease may be read from any thread.</remarks>
/// <param name="store">The store.</param>
/// <param name="keys">How keys are spelled.</param>
/// <param name="options">What the record says.</param>
/// <param name="cache">The last good table on disk, or null where the proxy has no state directory.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
/// <param name="leaseLost">Called from any thread when the store has said that the lease is gone.</param>
internal sealed class ProxyRegistration(
    IClusterStore store, KeySchema keys, ProxyAgentOptions options, TableCache? cache, TimeProvider time, ILogger logger, Action leaseLost)
    : IAsyncDisposable
{
    /// <summary>etcd takes 128 operations in one transaction; two are the proxy's own.</summary>
    private const int DeletesAtOnce = 100;

    private LeaseKeeper? _lease;

    /// <summary>The lease, unless the store has said that it is gone; null: there is none.</summary>
    public LeaseKeeper? Lease => Volatile.Read(ref _lease) is { Lost.IsCompleted: false } lease ? lease : null;

    /// <summary>What the record in the store says of requests that hold moves up; null: none was written yet.</summary>
    public ImmutableSortedDictionary<string, string>? Busy { get; private set; }

    /// <summary>Puts the record and the <c>alive</c> key, under a new lease if there is none.</summary>
    public async Task<Func<ProxyState, ProxyState>> RegisterAsync(
        ProxyState state, ImmutableSortedDictionary<string, string> busy, CancellationToken cancellationToken)
    {
        await FlushTableAsync(cancellationToken).ConfigureAwait(false);
        var lease = await LiveLeaseAsync(cancellationToken).ConfigureAwait(false);
        var operations = new List<StoreOperation>
        {
            StoreOperation.PutText(keys.Proxy(options.Instance), RecordJson.Write(RecordOf(state, busy))),
            StoreOperation.PutText(keys.Alive(options.Instance), "", lease.LeaseId),
        };
        StoreOperation[][] deletes = state.KeepsPredecessors ? [] : [.. DeletePredecessors().Chunk(DeletesAtOnce)];
        if (deletes is [var first, ..])
            operations.AddRange(first);
        var result = await store.CommitAsync(new StoreTransaction { Success = operations }, cancellationToken).ConfigureAwait(false);
        foreach (var more in deletes.Skip(1))
            await store.CommitAsync(new StoreTransaction { Success = more }, cancellationToken).ConfigureAwait(false);
        Busy = busy;
        Log.Registered(logger, options.Instance, result.Revision);
        return now => now with { RegisteredAt = result.Revision, Lapsed = false, Reported = state.Silent };
    }

    /// <summary>Puts the record anew: what is silent, and what holds moves up.</summary>
    public async Task<Func<ProxyState, ProxyState>> ReportAsync(
        ProxyState state, ImmutableSortedDictionary<string, string> busy, CancellationToken cancellationToken)
    {
        await FlushTableAsync(cancellationToken).ConfigureAwait(false);
        var key = keys.Proxy(options.Instance);
        var result = await store.CommitAsync(
            new StoreTransaction
            {
                // Never brings back a record that an operator deleted: that would undo the forgetting.
                Comparisons = [Comparison.Exists(key)],
                Success = [StoreOperation.PutText(key, RecordJson.Write(RecordOf(state, busy)))],
            },
            cancellationToken).ConfigureAwait(false);
        if (!result.Succeeded)
            return now => now;
        Busy = busy;
        return now => now with { Reported = state.Silent };
    }

    /// <summary>Deletes the keys of the predecessors.</summary>
    public async Task<Func<ProxyState, ProxyState>> ReleasePredecessorsAsync(CancellationToken cancellationToken)
    {
        foreach (var deletes in DeletePredecessors().Chunk(DeletesAtOnce))
            await store.CommitAsync(new StoreTransaction { Success = deletes }, cancellationToken).ConfigureAwait(false);
        return now => now with { KeepsPredecessors = false };
    }

    /// <summary>Deletes the proxy's own keys: from then on nobody waits for it.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        // S2: nobody waits for this proxy once its record is gone, so no successor may go on from its table.
        if (cache is not null)
            await cache.ForgetAsync(cancellationToken).ConfigureAwait(false);
        await store.CommitAsync(
            new StoreTransaction
            {
                Success =
                [
                    StoreOperation.DeleteKey(keys.Proxy(options.Instance)),
                    StoreOperation.DeleteKey(keys.Alive(options.Instance)),
                    StoreOperation.DeleteKey(keys.Load(options.Instance)),
                ],
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives the lease back.</summary>
    public ValueTask DisposeAsync() => _lease?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<LeaseKeeper> LiveLeaseAsync(CancellationToken cancellationToken)
    {
        if (_lease is { Lost.IsCompleted: true } lost)
        {
            await lost.DisposeAsync().ConfigureAwait(false);
            Volatile.Write(ref _lease, null);
        }
        if (_lease is { } lease)
            return lease;
        var granted = await LeaseKeeper.GrantAsync(store, options.LeaseTimeToLive, time, cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _lease, granted);
        _ = granted.Lost.ContinueWith(_ => leaseLost(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return granted;
    }

    // S2: what is reported silent here is held back in the published table. A successor that starts from disk must hold it
    // back too, so that table is on disk before anybody is told.
    private Task FlushTableAsync(CancellationToken cancellationToken) => cache?.FlushAsync(cancellationToken) ?? Task.CompletedTask;

    private IEnumerable<StoreOperation> DeletePredecessors() => options.Predecessors.SelectMany(predecessor =>
        new[] { StoreOperation.DeleteKey(keys.Proxy(predecessor)), StoreOperation.DeleteKey(keys.Alive(predecessor)) });

    private ProxyRecord RecordOf(ProxyState state, ImmutableSortedDictionary<string, string> busy) => new()
    {
        Address = options.Address,
        Version = options.Version,
        OnStoreLoss = options.OnStoreLoss,
        LeaseSeconds = options.LeaseTimeToLive.TotalSeconds,
        Silent = state.Silent,
        Busy = busy,
    };
}
