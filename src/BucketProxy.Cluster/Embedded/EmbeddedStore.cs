using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using BucketProxy.Cluster.Durability;
using BucketProxy.Cluster.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Cluster.Embedded;

/// <summary>
/// A store inside this process, for one machine: etcd's semantics, no server to install. What it acknowledges is on disk
/// and survives a crash at any point. Its directory belongs to one process at a time and to one cluster for ever.
/// </summary>
/// <remarks>Time spent stopped does not count against leases: each starts again at its full time to live.</remarks>
public sealed class EmbeddedStore : IClusterStore
{
    private readonly EmbeddedStoreOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly DirectoryLock? _lock;
    private readonly IDisk _disk;
    private readonly StoreWriter _writer;
    private readonly ITimer _expiry;
    private readonly long _started;
    private int _disposed;

    private EmbeddedStore(
        EmbeddedStoreOptions options, IDisk disk, DirectoryLock? directoryLock, TimeProvider timeProvider, ILogger logger)
    {
        (_options, _disk, _lock, _timeProvider) = (options, disk, directoryLock, timeProvider);
        _started = timeProvider.GetTimestamp();
        var log = new StoreLog(disk);
        StoreModel model;
        if (log.Exists())
        {
            model = log.Load(LeaseSeed(), Now(), out var torn);
            if (options.ClusterId is { } wanted && wanted != model.ClusterId)
                throw new InvalidDataException(
                    $"The store in {disk.Description} belongs to cluster {model.ClusterId:x}, not to {wanted:x}.");
            if (torn)
            {
                Log.TornTail(logger, disk.Description);
                log.Checkpoint(model.Capture());
            }
        }
        else
        {
            model = new StoreModel(options.ClusterId ?? NewClusterId(), LeaseSeed());
            log.Checkpoint(model.Capture());
        }
        ClusterId = model.ClusterId;
        _expiry = timeProvider.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var first = model.NextExpiry;
        _writer = new StoreWriter(model, log, options, Now, LeaseSeed, logger) { NextExpiryChanged = SetExpiry };
        SetExpiry(first);
    }

    /// <inheritdoc/>
    public string Description => $"embedded store in {_disk.Description}";

    /// <summary>The cluster that the directory belongs to.</summary>
    public ulong ClusterId { get; }

    /// <summary>Opens the store in a directory, or makes one there.</summary>
    /// <exception cref="ArgumentException">A setting is not allowed.</exception>
    /// <exception cref="DirectoryLockedException">Another process uses the directory; the message names it.</exception>
    /// <exception cref="InvalidDataException">The files are damaged, or belong to another cluster.</exception>
    /// <exception cref="IOException">The files cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The files may not be read or written.</exception>
    public static EmbeddedStore Open(
        EmbeddedStoreOptions options, TimeProvider? timeProvider = null, ILogger<EmbeddedStore>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var time = timeProvider ?? TimeProvider.System;
        var directoryLock = DirectoryLock.Take(options.Directory, time);
        DirectoryDisk? disk = null;
        try
        {
            disk = new DirectoryDisk(options.Directory);
            return new EmbeddedStore(options, disk, directoryLock, time, logger ?? NullLogger<EmbeddedStore>.Instance);
        }
        catch
        {
            disk?.Dispose();
            directoryLock.Dispose();
            throw;
        }
    }

    /// <summary>Opens a store on a disk of the caller's, for tests.</summary>
    internal static EmbeddedStore Open(IDisk disk, EmbeddedStoreOptions options, TimeProvider timeProvider) =>
        new(options, disk, null, timeProvider, NullLogger.Instance);

    /// <inheritdoc/>
    public Task<StoreSnapshot> ReadAsync(
        IReadOnlyList<string> prefixes,
        ReadConsistency consistency = ReadConsistency.Linearizable,
        CancellationToken cancellationToken = default) =>
        RunAsync(model => model.Read(prefixes), changes: false, cancellationToken);

    /// <inheritdoc/>
    public Task<TransactionResult> CommitAsync(StoreTransaction transaction, CancellationToken cancellationToken = default) =>
        RunAsync(model => model.Commit(transaction), changes: true, cancellationToken);

    /// <inheritdoc/>
    public Task<LeaseGrant> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        RunAsync(model => model.GrantLease(timeToLive, Now()), changes: true, cancellationToken);

    /// <inheritdoc/>
    public Task<TimeSpan?> RenewLeaseAsync(long leaseId, CancellationToken cancellationToken = default) =>
        RunAsync(model => model.RenewLease(leaseId, Now()), changes: true, cancellationToken);

    /// <inheritdoc/>
    public Task RevokeLeaseAsync(long leaseId, CancellationToken cancellationToken = default) =>
        RunAsync(model => model.RevokeLease(leaseId), changes: true, cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<WatchBatch> WatchAsync(
        IReadOnlyList<string> prefixes, long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fromRevision, 1);
        var next = fromRevision;
        while (true)
        {
            var changed = _writer.Changed;
            var from = next;
            var batch = await RunAsync(model => model.ChangesFrom(prefixes, from), changes: false, cancellationToken);
            if (batch is not null)
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

    /// <summary>Forgets the history before a revision.</summary>
    internal Task CompactAsync(long revision, CancellationToken cancellationToken = default) =>
        RunAsync(
            model =>
            {
                model.Compact(revision);
                return true;
            },
            changes: false,
            cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _expiry.DisposeAsync();
        await Task.Factory.StartNew(
            _writer.Dispose, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        (_disk as IDisposable)?.Dispose();
        _lock?.Dispose();
    }

    private async Task<T> RunAsync<T>(Func<StoreModel, T> run, bool changes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var request = new StoreRequest<T>(run);
        _writer.Post(request);
        try
        {
            return await request.Task.WaitAsync(_options.CallTimeout, _timeProvider, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new StoreUnavailableException(
                $"The store in {_disk.Description} did not answer in {_options.CallTimeout.TotalSeconds:0.###} s: its disk is slow.",
                outcomeUnknown: changes, e);
        }
    }

    private void Expire()
    {
        try
        {
            _writer.PostExpiry();
        }
        catch (StoreUnavailableException)
        {
            // Closed: the leases start anew at the next start. Too many waiting: tried again below.
            if (Volatile.Read(ref _disposed) == 0)
                SetExpiry(Now());
        }
    }

    private void SetExpiry(TimeSpan? next)
    {
        // At least a millisecond, so that a disk that takes no writes is not asked in a tight loop.
        var due = next is { } at ? Max(at - Now(), TimeSpan.FromMilliseconds(1)) : Timeout.InfiniteTimeSpan;
        try
        {
            _expiry.Change(due, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // Closing.
        }
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private TimeSpan Now() => _timeProvider.GetElapsedTime(_started);

    private static ulong LeaseSeed() => RandomULong();

    private static ulong NewClusterId() => RandomULong() | 1;

    private static ulong RandomULong()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt64(bytes);
    }
}
