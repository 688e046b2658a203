using System.Text.Json;
using System.Text.Json.Serialization;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Leases;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Gating;

/// <summary>
/// The gate's keys in the store, its own and its node's registration, and the one lease that both live under. Each write is done once, and
/// fails with the store's exception.
/// </summary>
/// <remarks>One write at a time; the lease may be read from any thread.</remarks>
/// <param name="store">The store.</param>
/// <param name="keys">How keys are spelled.</param>
/// <param name="options">What the keys say.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
/// <param name="leaseChanged">Called from any thread when the lease was renewed, or the store has said that it is gone.</param>
internal sealed class GateRegistration(
    IClusterStore store, KeySchema keys, GateAgentOptions options, TimeProvider time, ILogger logger, Action leaseChanged) : IAsyncDisposable
{
    private LeaseKeeper? _lease;
    private long _createdAt;
    private long _modifiedAt;

    /// <summary>The lease, unless the store has said that it is gone; null: there is none.</summary>
    public LeaseKeeper? Lease => Volatile.Read(ref _lease) is { Lost.IsCompleted: false } lease ? lease : null;

    /// <summary>G7: creates the key, under a new lease, unless another gate's stands there, or a registration that is not a gate's.</summary>
    public async Task<GateEvent> RegisterAsync(CancellationToken cancellationToken)
    {
        // A lease of before may still stand in the store, with the keys of before. Its end must not take the new keys along.
        await DropLeaseAsync().ConfigureAwait(false);
        var lease = await LeaseKeeper.GrantAsync(store, options.LeaseTimeToLive, time, cancellationToken, options.LeaseTimeToLive / 10, leaseChanged)
            .ConfigureAwait(false);
        Volatile.Write(ref _lease, lease);
        _ = lease.Lost.ContinueWith(_ => leaseChanged(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        var first = new GateRecord
        {
            Instance = options.Instance,
            Url = options.LocalNodeUrl,
            Supervised = options.Supervised,
            Release = options.Release,
            LeaseSeconds = options.LeaseTimeToLive.TotalSeconds,
            LateSaveSeconds = options.LateSaveTime.TotalSeconds,
            SaveSeconds = options.SaveTime.TotalSeconds,
            Version = options.Version,
        };
        var result = await store.CommitAsync(
            new StoreTransaction
            {
                Comparisons = [Comparison.Absent(keys.Gate(options.NodeId)), Comparison.Absent(keys.Node(options.NodeId))],
                Success = [StoreOperation.PutText(keys.Gate(options.NodeId), RecordJson.Write(first), lease.LeaseId)],
            },
            cancellationToken).ConfigureAwait(false);
        if (result.Succeeded)
        {
            _createdAt = _modifiedAt = result.Revision;
            Log.GateRegistered(logger, options.NodeId, result.Revision);
            return new GateRegistered(result.Revision);
        }
        if (!options.Supervised && await TakeOverAsync(first, lease.LeaseId, cancellationToken).ConfigureAwait(false) is { } revision)
        {
            _modifiedAt = revision;
            Log.GateTakenOver(logger, options.NodeId, revision);
            return new GateRegistered(revision);
        }
        await DropLeaseAsync().ConfigureAwait(false);
        var why = $"another gate, or a server of its own, is registered as {options.NodeId}";
        Log.GateRefused(logger, options.NodeId);
        return new GateRefused(why);
    }

    // G7 keeps a key from being written over since a server may live behind it. Here it is the same server, and its gate is dead: both keys go on under
    // the new lease, so that nobody takes the server for lost. Null: the key is not a predecessor's, or something has changed.
    private async Task<long?> TakeOverAsync(GateRecord first, long leaseId, CancellationToken cancellationToken)
    {
        string[] both = [keys.Gate(options.NodeId), keys.Node(options.NodeId)];
        var snapshot = await store.ReadAsync(both, cancellationToken: cancellationToken).ConfigureAwait(false);
        if (Entry(both[0]) is not { } gate || RecordJson.Read<GateRecord>(gate.Value.Span) is not { Supervised: false } before
            || !options.Predecessors.Contains(before.Instance))
        {
            return null;
        }
        var node = Entry(both[1]);
        var operations = new List<StoreOperation>
        {
            StoreOperation.PutText(both[0], RecordJson.Write(first with { Incarnation = before.Incarnation }), leaseId),
        };
        if (node is not null)
            operations.Add(new PutOperation(both[1], node.Value, leaseId));
        var result = await store.CommitAsync(
            new StoreTransaction
            {
                Comparisons = [Comparison.ModifiedAt(both[0], gate.ModRevision), Comparison.ModifiedAt(both[1], node?.ModRevision ?? 0)],
                Success = operations,
            },
            cancellationToken).ConfigureAwait(false);
        if (!result.Succeeded)
            return null;
        _createdAt = gate.CreateRevision;
        return result.Revision;

        StoreEntry? Entry(string key) => snapshot.Entries.FirstOrDefault(e => e.Key == key);
    }

    /// <summary>
    /// Writes the record, and the registration where a new run is published. G8: only while this gate's own key stands, and over nothing but
    /// what this gate last knew to be there: a write that was given up may be applied at any later time, and would tell the exit of a run
    /// behind the publication of the next one. What became of such a write is read before the next.
    /// </summary>
    public async Task<GateEvent> WriteAsync(GateRecord record, bool publishes, string? startTime, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Lease is not { } lease || (_modifiedAt == 0 && !await ReadOwnAsync(cancellationToken).ConfigureAwait(false)))
                return new GateOverwritten();
            var known = _modifiedAt;
            _modifiedAt = 0;
            var result = await store.CommitAsync(
                new StoreTransaction
                {
                    Comparisons = [Comparison.ModifiedAt(keys.Gate(options.NodeId), known)],
                    Success = Operations(record, publishes, startTime, lease.LeaseId),
                },
                cancellationToken).ConfigureAwait(false);
            if (result.Succeeded)
            {
                _modifiedAt = result.Revision;
                return new GateWritten(record, result.Revision);
            }
        }
    }

    private List<StoreOperation> Operations(GateRecord record, bool publishes, string? startTime, long leaseId)
    {
        var operations = new List<StoreOperation> { StoreOperation.PutText(keys.Gate(options.NodeId), RecordJson.Write(record), leaseId) };
        if (publishes)
        {
            var registration = new Registration(
                options.NodeUrl, options.LocalNodeUrl, startTime, options.Supervised ? "supervised" : "unsupervised", "bucketproxy gate");
            operations.Add(StoreOperation.PutText(keys.Node(options.NodeId), JsonSerializer.Serialize(registration, RecordJson.Options), leaseId));
        }
        return operations;
    }

    // False: the key is gone, or another gate's.
    private async Task<bool> ReadOwnAsync(CancellationToken cancellationToken)
    {
        var key = keys.Gate(options.NodeId);
        var snapshot = await store.ReadAsync([key], cancellationToken: cancellationToken).ConfigureAwait(false);
        if (snapshot.Entries.FirstOrDefault(e => e.Key == key) is not { } own || own.CreateRevision != _createdAt)
            return false;
        _modifiedAt = own.ModRevision;
        return true;
    }

    /// <summary>Deletes both keys, if they are this gate's: its server is dead, and has saved.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken) =>
        await store.CommitAsync(
            new StoreTransaction
            {
                Comparisons = [Comparison.CreatedAt(keys.Gate(options.NodeId), _createdAt)],
                Success = [StoreOperation.DeleteKey(keys.Gate(options.NodeId)), StoreOperation.DeleteKey(keys.Node(options.NodeId))],
            },
            cancellationToken).ConfigureAwait(false);

    /// <summary>Leaves both keys to the lease's end.</summary>
    public ValueTask AbandonAsync() => Interlocked.Exchange(ref _lease, null)?.AbandonAsync() ?? ValueTask.CompletedTask;

    /// <summary>Gives the lease back.</summary>
    public ValueTask DisposeAsync() => DropLeaseAsync();

    private async ValueTask DropLeaseAsync()
    {
        if (Interlocked.Exchange(ref _lease, null) is { } lease)
            await lease.DisposeAsync().ConfigureAwait(false);
    }

    private sealed record Registration(
        [property: JsonPropertyName("node_url")] string NodeUrl,
        [property: JsonPropertyName("local_node_url")] string LocalNodeUrl,
        [property: JsonPropertyName("start_time")] string? StartTime,
        [property: JsonPropertyName("gate")] string Gate,
        [property: JsonPropertyName("registered_by")] string RegisteredBy);
}
