using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Testing;

/// <summary>
/// Any store, with the faults that networks and etcd have, at a test's command. Without a command it changes nothing.
/// Thread-safe.
/// </summary>
public sealed partial class FaultInjectingStore : IClusterStore
{
    private readonly Lock _lock = new();
    private readonly List<FaultyWatch> _watches = [];
    private readonly IClusterStore _inner;
    private readonly TimeProvider _timeProvider;
    private MemoryStore? _restored;
    private bool _partitioned;
    private ulong? _clusterId;
    private long _compactRevision;
    private StoreSnapshot? _staleRead;
    private bool _staleLinearizable;
    private (StoreCalls Calls, int Left) _lostRequests;
    private (StoreCalls Calls, int Left) _lostAcknowledgements;
    private Predicate<WatchEvent>? _missing;
    private int _duplicates;
    private bool _renewalsLie;

    /// <summary>Wraps a store.</summary>
    /// <param name="inner">The store; disposed with this one.</param>
    /// <param name="timeProvider">Time for a store restored from a backup.</param>
    public FaultInjectingStore(IClusterStore inner, TimeProvider timeProvider)
    {
        _inner = inner;
        _timeProvider = timeProvider;
    }

    /// <inheritdoc/>
    public string Description => $"faulty {_inner.Description}";

    /// <summary>How many watches are open.</summary>
    public int OpenWatches
    {
        get
        {
            lock (_lock)
                return _watches.Count;
        }
    }

    /// <summary>How many watches were ever opened.</summary>
    public int WatchesOpened { get; private set; }

    /// <summary>Cuts the network: no call arrives, every watch breaks.</summary>
    public void Partition()
    {
        lock (_lock)
            _partitioned = true;
        BreakWatches();
    }

    /// <summary>Mends the network.</summary>
    public void Heal()
    {
        lock (_lock)
            _partitioned = false;
    }

    /// <summary>Ends every open watch with <see cref="StoreUnavailableException"/>.</summary>
    public void BreakWatches() => ForEachWatch(w => w.Break(new StoreUnavailableException("Fault: the watch broke.")));

    /// <summary>Every watch that is open now stays open and never says anything again. Later ones are well.</summary>
    public void WedgeWatches() => ForEachWatch(w => w.Wedge());

    /// <summary>Forgets the history before a revision: a watch from before it is refused. Open watches go on, as in etcd.</summary>
    public void Compact(long revision)
    {
        lock (_lock)
            _compactRevision = Math.Max(_compactRevision, revision);
    }

    /// <summary>The next batch with events that any watch delivers is delivered twice.</summary>
    public void DuplicateNextBatch()
    {
        lock (_lock)
            _duplicates++;
    }

    /// <summary>The next event that matches is left out of whatever watch would deliver it first.</summary>
    public void DropNextEvent(Predicate<WatchEvent> matches)
    {
        lock (_lock)
            _missing = matches;
    }

    /// <summary>The next <paramref name="count"/> calls of these kinds never arrive. The caller cannot know.</summary>
    public void LoseRequests(StoreCalls calls, int count = 1)
    {
        lock (_lock)
            _lostRequests = (calls, count);
    }

    /// <summary>The next <paramref name="count"/> calls of these kinds are carried out, but the caller gets an error.</summary>
    public void LoseAcknowledgements(StoreCalls calls, int count = 1)
    {
        lock (_lock)
            _lostAcknowledgements = (calls, count);
    }

    /// <summary>Ends a lease before its time.</summary>
    public Task LoseLeaseAsync(long leaseId) => Current.RevokeLeaseAsync(leaseId);

    /// <summary>From now on renewals of leases that are gone seem to succeed, as etcd 3.4 can do.</summary>
    public void LieAboutRenewals()
    {
        lock (_lock)
            _renewalsLie = true;
    }

    /// <summary>From now on serializable reads (and linearizable ones, if asked for) give the present content for ever.</summary>
    public async Task FreezeReadsAsync(bool alsoLinearizable = false)
    {
        var content = await Current.ReadAsync([""]);
        lock (_lock)
            (_staleRead, _staleLinearizable) = (content, alsoLinearizable);
    }

    /// <summary>Ends <see cref="FreezeReadsAsync"/>.</summary>
    public void ThawReads()
    {
        lock (_lock)
            _staleRead = null;
    }

    /// <summary>The whole content, to restore later.</summary>
    public Task<StoreSnapshot> TakeBackupAsync() => Current.ReadAsync([""]);

    /// <summary>
    /// Puts an old content and revision in place, as an operator does who restores a backup. The store wrapped so far is
    /// not used any more. Every open watch breaks.
    /// </summary>
    public void Restore(StoreSnapshot backup)
    {
        lock (_lock)
        {
            _restored = new MemoryStore(_timeProvider, backup);
            _compactRevision = 0;
        }
        BreakWatches();
    }

    /// <summary>From now on the store says it is another one; null: it is itself again. Every open watch breaks.</summary>
    public void PretendToBe(ulong? clusterId)
    {
        lock (_lock)
            _clusterId = clusterId;
        BreakWatches();
    }

    /// <inheritdoc/>
    public async Task<StoreSnapshot> ReadAsync(
        IReadOnlyList<string> prefixes,
        ReadConsistency consistency = ReadConsistency.Linearizable,
        CancellationToken cancellationToken = default)
    {
        var snapshot = await CallAsync(StoreCalls.Read, store => store.ReadAsync(prefixes, consistency, cancellationToken));
        lock (_lock)
        {
            if (_staleRead is { } stale && (_staleLinearizable || consistency == ReadConsistency.Serializable))
            {
                snapshot = stale with
                {
                    Entries = [.. stale.Entries.Where(e => prefixes.Any(p => e.Key.StartsWith(p, StringComparison.Ordinal)))],
                };
            }
            return snapshot with { ClusterId = _clusterId ?? snapshot.ClusterId };
        }
    }

    /// <inheritdoc/>
    public async Task<TransactionResult> CommitAsync(StoreTransaction transaction, CancellationToken cancellationToken = default)
    {
        var result = await CallAsync(StoreCalls.Commit, store => store.CommitAsync(transaction, cancellationToken));
        lock (_lock)
            return result with { ClusterId = _clusterId ?? result.ClusterId };
    }

    /// <inheritdoc/>
    public Task<LeaseGrant> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        CallAsync(StoreCalls.GrantLease, store => store.GrantLeaseAsync(timeToLive, cancellationToken));

    /// <inheritdoc/>
    public async Task<TimeSpan?> RenewLeaseAsync(long leaseId, CancellationToken cancellationToken = default)
    {
        var left = await CallAsync(StoreCalls.RenewLease, store => store.RenewLeaseAsync(leaseId, cancellationToken));
        lock (_lock)
            return left ?? (_renewalsLie ? TimeSpan.FromSeconds(10) : null);
    }

    /// <inheritdoc/>
    public Task RevokeLeaseAsync(long leaseId, CancellationToken cancellationToken = default) =>
        CallAsync(StoreCalls.RevokeLease, async store =>
        {
            await store.RevokeLeaseAsync(leaseId, cancellationToken);
            return true;
        });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_restored is not null)
            await _restored.DisposeAsync();
        await _inner.DisposeAsync();
    }

    private IClusterStore Current
    {
        get
        {
            lock (_lock)
                return _restored ?? _inner;
        }
    }

    private async Task<T> CallAsync<T>(StoreCalls call, Func<IClusterStore, Task<T>> send)
    {
        var isWrite = (call & StoreCalls.Writes) != 0;
        lock (_lock)
        {
            if (_partitioned)
                throw new StoreUnavailableException("Fault: the network is cut.", isWrite);
            if (Hits(ref _lostRequests, call))
                throw new StoreUnavailableException("Fault: the request was lost.", isWrite);
        }
        var result = await send(Current);
        lock (_lock)
        {
            if (_partitioned || Hits(ref _lostAcknowledgements, call))
                throw new StoreUnavailableException("Fault: the answer was lost.", isWrite);
        }
        return result;
    }

    private static bool Hits(ref (StoreCalls Calls, int Left) fault, StoreCalls call)
    {
        if (fault.Left == 0 || (fault.Calls & call) == 0)
            return false;
        fault.Left--;
        return true;
    }
}
