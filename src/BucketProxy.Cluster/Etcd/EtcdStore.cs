using System.Runtime.CompilerServices;
using BucketProxy.Cluster.Store;
using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Kv;
using BucketProxy.Etcd.Watching;
using Microsoft.Extensions.Logging;
using LeaseGrant = BucketProxy.Cluster.Store.LeaseGrant;

namespace BucketProxy.Cluster.Etcd;

/// <summary>The store in production: an etcd cluster.</summary>
public sealed class EtcdStore : IClusterStore
{
    // etcd's --max-txn-ops, unless somebody changed it.
    private const int MaxOperations = 128;

    private readonly EtcdClient _client;
    private readonly EntryReader _entries;
    private readonly ServerCheck _servers;
    private readonly TermGuard _terms = new();

    /// <summary>Connects to nothing yet.</summary>
    /// <param name="options">How to reach etcd.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where to log.</param>
    /// <exception cref="ArgumentException">A setting is not allowed.</exception>
    public EtcdStore(EtcdClientOptions options, TimeProvider time, ILogger<EtcdStore> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _client = new EtcdClient(options, time, logger);
        _entries = new EntryReader(logger);
        _servers = new ServerCheck(_client, logger);
        Description = $"etcd {string.Join(',', options.Endpoints)}";
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public Task<StoreSnapshot> ReadAsync(
        IReadOnlyList<string> prefixes,
        ReadConsistency consistency = ReadConsistency.Linearizable,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prefixes);
        CheckCount(prefixes.Count, "prefixes to read at one revision");
        var how = new RangeOptions { Serializable = consistency == ReadConsistency.Serializable };
        // One transaction of ranges: etcd reads all of them at one revision, after asking a quorum once.
        var ranges = new Transaction { Then = [.. prefixes.Select(prefix => Operation.Range(KeyRange.Prefix(prefix), how))] };
        return EtcdErrors.TranslateAsync(async () =>
        {
            var read = await _client.TxnAsync(ranges, cancellationToken).ConfigureAwait(false);
            if (consistency == ReadConsistency.Linearizable)
                _terms.Confirmed(read.Header);
            return new StoreSnapshot(read.Header.ClusterId, read.Header.Revision, _entries.Merge(read.Results.Select(r => r.Range!.KeyValues)));
        });
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<WatchBatch> WatchAsync(
        IReadOnlyList<string> prefixes, long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prefixes);
        ArgumentOutOfRangeException.ThrowIfLessThan(fromRevision, 1);
        ArgumentOutOfRangeException.ThrowIfZero(prefixes.Count, nameof(prefixes));
        // One watch over everything from the first prefix to the last: its changes come in one order, and a revision in one piece.
        // Several watches would have to be put in order again, and etcd lets one run ahead of another.
        var span = prefixes.Select(prefix => KeyRange.Prefix(prefix)).Aggregate((all, one) => all.Span(one));
        var updates = _client.WatchAsync(span, fromRevision, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (updates.ConfigureAwait(false))
        {
            while (await EtcdErrors.TranslateAsync(() => updates.MoveNextAsync().AsTask()).ConfigureAwait(false))
            {
                switch (updates.Current)
                {
                    case WatchOpened opened:
                        _servers.Check(opened.Endpoint);
                        break;
                    case WatchChanges changes:
                        // Also when nothing of it is ours: whoever reads knows then that nothing changed up to there.
                        yield return new WatchBatch(changes.Header.ClusterId, changes.Revision, _entries.Events(changes.Events, prefixes));
                        break;
                    case WatchProgress progress:
                        yield return new WatchBatch(progress.Header.ClusterId, progress.Revision, []);
                        break;
                    case WatchInterrupted interrupted:
                        throw EtcdErrors.Translate(interrupted.Reason);
                }
            }
        }
    }

    /// <inheritdoc/>
    public Task<TransactionResult> CommitAsync(StoreTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        CheckCount(transaction.Comparisons.Count, "comparisons");
        CheckCount(transaction.Success.Count, "operations");
        CheckCount(transaction.Failure.Count, "operations");
        var request = Requests.From(transaction);
        return EtcdErrors.TranslateAsync(async () =>
        {
            var done = await _client.TxnAsync(request, cancellationToken).ConfigureAwait(false);
            _terms.Confirmed(done.Header);
            var reads = done.Results.Where(r => r.Range is not null).Select(r => _entries.Merge([r.Range!.KeyValues]));
            return new TransactionResult(done.Header.ClusterId, done.Succeeded, done.Header.Revision, [.. reads]);
        });
    }

    /// <inheritdoc/>
    public Task<LeaseGrant> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        EtcdErrors.TranslateAsync(async () =>
        {
            var granted = await _client.GrantLeaseAsync(timeToLive, cancel: cancellationToken).ConfigureAwait(false);
            _terms.Confirmed(granted.Header);
            return new LeaseGrant(granted.Id, granted.Ttl);
        });

    /// <inheritdoc/>
    public Task<TimeSpan?> RenewLeaseAsync(long leaseId, CancellationToken cancellationToken = default) =>
        EtcdErrors.TranslateAsync<TimeSpan?>(async () =>
        {
            try
            {
                var renewal = await _client.KeepLeaseAliveAsync(leaseId, cancellationToken).ConfigureAwait(false);
                return _terms.IsDeposed(renewal.Header)
                    ? throw new StoreUnavailableException(
                        $"lease {leaseId:x} was renewed by a member that was deposed without knowing it (term {renewal.Header.RaftTerm}): that counts for nothing")
                    : renewal.Ttl;
            }
            catch (EtcdLeaseNotFoundException)
            {
                return null;
            }
        });

    /// <inheritdoc/>
    public Task RevokeLeaseAsync(long leaseId, CancellationToken cancellationToken = default) =>
        EtcdErrors.TranslateAsync(async () =>
        {
            try
            {
                await _client.RevokeLeaseAsync(leaseId, cancellationToken).ConfigureAwait(false);
            }
            catch (EtcdLeaseNotFoundException)
            {
                // It has ended: that is what was wanted.
            }
            return true;
        });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _servers.DisposeAsync().ConfigureAwait(false);
        _client.Dispose();
    }

    /// <summary>Waits until the question for a member's version is answered, for tests.</summary>
    internal Task VersionKnownAsync() => _servers.CurrentAsync();

    private static void CheckCount(int count, string what)
    {
        if (count > MaxOperations)
            throw new StoreRejectedException($"{count} {what} in one transaction: etcd allows {MaxOperations}");
    }
}
