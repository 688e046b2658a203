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
    private readonly DirectoryLock _lock;
    private readonly DirectoryDisk _disk;
    private readonly StoreDatabase _database;
    private readonly StoreWriter _writer;
    private readonly ITimer _expiry;
    private readonly long _started;
    private int _disposed;

    private EmbeddedStore(
        EmbeddedStoreOptions options, DirectoryLock directoryLock, DirectoryDisk disk, StoreDatabase database,
        TimeProvider timeProvider, ILogger logger)
    {
        (_options, _lock, _disk, _database, _timeProvider) = (options, directoryLock, disk, database, timeProvider);
        _started = timeProvider.GetTimestamp();
        var model = database.Load(LeaseSeed(), Now());
        _expiry = timeProvider.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var first = model.NextExpiry;
        _writer = new StoreWriter(model, database, options, Now, LeaseSeed, logger) { NextExpiryChanged = SetExpiry };
        SetExpiry(first);
    }

    /// <inheritdoc/>
    public string Description => $"embedded store in {_options.Directory}";

    /// <summary>The cluster that the directory belongs to.</summary>
    public ulong ClusterId => _database.ClusterId;

    /// <summary>Opens the store in a directory, or makes one there.</summary>
    /// <exception cref="ArgumentException">A setting is not allowed.</exception>
    /// <exception cref="DirectoryLockedException">Another process uses the directory; the message names it.</exception>
    /// <exception cref="InvalidDataException">The files are damaged, or belong to another cluster.</exception>
    /// <exception cref="IOException">The files cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The files may not be read or written.</exception>
    public static EmbeddedStore Open(
        EmbeddedStoreOptions options, TimeProvider? timeProvider = null, ILogger<EmbeddedStore>? logger = null) =>
        Open(options, timeProvider ?? TimeProvider.System, logger ?? NullLogger<EmbeddedStore>.Instance, null);

    /// <summary>Opens it; <paramref name="before"/> is told of every step before it is taken on disk, for tests.</summary>
    internal static EmbeddedStore Open(EmbeddedStoreOptions options, TimeProvider time, ILogger logger, Action<StoreStep>? before)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        options = options with { Directory = Path.GetFullPath(options.Directory) };
        var directoryLock = DirectoryLock.Take(options.Directory, time);
        var disk = new DirectoryDisk(options.Directory);
        try
        {
            var database = StoreDatabase.Open(options, disk, RandomULong() | 1, logger, before);
            return new EmbeddedStore(options, directoryLock, disk, database, time, logger);
        }
        catch
        {
            disk.Dispose();
            directoryLock.Dispose();
            throw;
        }
    }

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
        _database.Dispose();
        _disk.Dispose();
        _lock.Dispose();
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
                $"The store in {_options.Directory} did not answer in {_options.CallTimeout.TotalSeconds:0.###} s: its disk is slow.",
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

    private static ulong RandomULong()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt64(bytes);
    }
}
