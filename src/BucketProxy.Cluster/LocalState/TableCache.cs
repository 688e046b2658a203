using System.Text.Json;
using BucketProxy.Cluster.Durability;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Routing;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Cluster.LocalState;

/// <summary>
/// Keeps the last good table on disk, for a successor that starts while the store is away.
/// </summary>
/// <remarks>
/// A successor may route by it because the cluster still waits for its predecessor's silence: no bucket leaves its owner in a
/// planned move unless this proxy says so. Three rules keep that true:
/// <list type="number">
/// <item>A silence is on disk before it is reported (<see cref="FlushAsync"/>), else a successor would send requests of that
/// bucket to the old owner.</item>
/// <item>A proxy that leaves for good says so on disk first (<see cref="ForgetAsync"/>): nobody waits for it afterwards. So does
/// one that stopped everything because it was forgotten: its closed table takes the one on disk out.</item>
/// <item>A proxy that fences counts as silent once its lease is over, so its table is never served by a successor. It is
/// written all the same, because it says how far the store was seen.</item>
/// </list>
/// </remarks>
public sealed class TableCache : IAsyncDisposable
{
    private const string TableFile = "table";
    private static readonly TimeSpan WriteRetry = TimeSpan.FromSeconds(1);

    // A table that routes as the one on disk does is only written to say how far the store was seen. Rarer writes spare the
    // disk; a restored backup is told by it only if it is older than the last write.
    private static readonly TimeSpan MarkInterval = TimeSpan.FromSeconds(30);

    private readonly StateDirectory _directory;
    private readonly StoreLossMode _onStoreLoss;
    private readonly CurrentTable _current;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SemaphoreSlim _published = new(0, 1);
    private readonly ITimer _markTimer;
    private readonly Task _loop;
    private RoutingTable? _onDisk;
    private StoreMark? _markOnDisk;
    private long _writtenAt;
    private bool _left;
    private bool _closed;

    /// <summary>Reads what is on disk, and keeps writing whatever is published from now on.</summary>
    /// <param name="directory">The locked directory.</param>
    /// <param name="onStoreLoss">What this proxy does on the loss of the store.</param>
    /// <param name="current">Where tables are published.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">For what cannot be read or written.</param>
    /// <exception cref="IOException">The directory cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory may not be read or written.</exception>
    public TableCache(
        StateDirectory directory, StoreLossMode onStoreLoss, CurrentTable current, TimeProvider time, ILogger<TableCache> logger)
    {
        ArgumentNullException.ThrowIfNull(current);
        (_directory, _onStoreLoss, _current, _time, _logger) = (directory, onStoreLoss, current, time, logger);
        (Table, Seen) = Load();
        _markOnDisk = Seen;
        current.Published += OnPublished;
        _loop = WriteAsync();
        _markTimer = time.CreateTimer(_ => Wake(), null, MarkInterval, MarkInterval);
    }

    /// <summary>
    /// The predecessor's last table, marked stale; null when there is none that may be served: none was written, it is
    /// damaged, the predecessor left the cluster, or it or this process fences on the loss of the store.
    /// </summary>
    public RoutingTable? Table { get; }

    /// <summary>Where to learn how far the store was seen, usually the mirror's <see cref="StoreMirror.Seen"/>. Without it
    /// the table's own revision is taken.</summary>
    public Func<StoreMark?>? Mark { get; set; }

    /// <summary>How far earlier processes in this directory saw the store, or null. A store that is behind it is not adopted.</summary>
    public StoreMark? Seen { get; }

    /// <summary>When this completes, the published table (or a later one) is on disk. Await it before silence is reported.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            if (_left)
                return;
            var table = _current.Table;
            if (IsClosed(table))
            {
                await CloseAsync();
                return;
            }
            if (!IsGood(table))
            {
                await FlushMarkAsync();
                return;
            }
            var mark = MarkOf(table);
            if (IsOnDisk(table) && (mark == _markOnDisk || _time.GetElapsedTime(_writtenAt) < MarkInterval))
                return;
            await WriteAsync(CachedTable.Of(table, mark, _onStoreLoss));
            (_onDisk, _closed) = (table, false);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>
    /// Takes the table off the disk, for good: this proxy is about to leave the cluster. How far the store was seen stays.
    /// </summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public async Task ForgetAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            var table = _current.Table;
            var seen = IsGood(table) ? MarkOf(table) : _onDisk is { } written ? MarkOf(written) : Seen;
            _left = true;
            if (seen is not null)
                await WriteAsync(new CachedTable { Seen = seen, OnStoreLoss = _onStoreLoss, Left = true });
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Stops writing. What was published before is on disk if the disk takes it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        _current.Published -= OnPublished;
        await _markTimer.DisposeAsync();
        await _stop.CancelAsync();
        await _loop;
        await TryFlushAsync(CancellationToken.None);
        // The semaphores are left to the collector: a publication under way may still signal, and must not throw.
        _stop.Dispose();
    }

    private void OnPublished(RoutingTable before, RoutingTable after) => Wake();

    private void Wake()
    {
        try
        {
            _published.Release();
        }
        catch (SemaphoreFullException)
        {
            // The writer has not come round yet; it takes the newest.
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            while (true)
            {
                await _published.WaitAsync(_stop.Token);
                while (!await TryFlushAsync(_stop.Token))
                    await Task.Delay(WriteRetry, _time, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    // S2: a proxy that closed its table had been forgotten, or counts as silent: nobody waited for it meanwhile.
    private async Task CloseAsync()
    {
        if (_closed || (_onDisk ?? Table) is not { } written)
            return;
        await WriteAsync(new CachedTable { Seen = MarkOf(written), OnStoreLoss = _onStoreLoss, Left = true });
        (_onDisk, _closed) = (null, true);
    }

    // A process that has no table (a monitor) must remember all the same how far it saw the store. A predecessor's table that
    // may still be served is not overwritten by it.
    private async Task FlushMarkAsync()
    {
        if (Table is null && _onDisk is null && Mark?.Invoke() is { } mark && mark != _markOnDisk)
            await WriteAsync(new CachedTable { Seen = mark, OnStoreLoss = _onStoreLoss, Left = true });
    }

    private async Task WriteAsync(CachedTable cached)
    {
        await Task.Run(() => Write(cached), CancellationToken.None);
        (_markOnDisk, _writtenAt) = (cached.Seen, _time.GetTimestamp());
    }

    private async Task<bool> TryFlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FlushAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.TableNotWritten(_logger, _directory.Description, e.Message);
            return false;
        }
    }

    private StoreMark MarkOf(RoutingTable table) =>
        Mark?.Invoke() is { } seen && seen.ClusterId == table.ClusterId && seen.Revision >= table.Revision
            ? seen
            : new StoreMark(table.ClusterId, table.Revision, null, table.Buckets.Any(b => b.Owner is not null));

    private static bool IsClosed(RoutingTable table) => table is { IsStale: false, Revision: 0, ClusterId: not 0 };

    // S7: what came from disk is there already, and an empty table says nothing about owners.
    private static bool IsGood(RoutingTable table) => !table.IsStale && table.Revision > 0;

    // Entries that describe the same grant are the same objects.
    private bool IsOnDisk(RoutingTable table) =>
        _onDisk is { } written && written.ClusterId == table.ClusterId
        && written.Buckets.SequenceEqual(table.Buckets) && written.Pins.SequenceEqual(table.Pins)
        && written.Nodes.Count == table.Nodes.Count && written.Nodes.Keys.All(table.Nodes.ContainsKey);

    private void Write(CachedTable cached) =>
        _directory.Replace(TableFile, Frame.Encode(JsonSerializer.SerializeToUtf8Bytes(cached, RecordJson.Options)));

    private (RoutingTable? Table, StoreMark? Seen) Load()
    {
        if (_directory.Read(TableFile) is not { } bytes)
            return (null, null);
        try
        {
            if (!Frame.TryDecode(bytes, out var json))
                throw new FormatException("it fails its checksum");
            var cached = RecordJson.Read<CachedTable>(json.Span);
            if (cached.Left || cached.OnStoreLoss == StoreLossMode.Fence)
                return (null, cached.Seen);
            if (_onStoreLoss == StoreLossMode.Serve)
                return (cached.ToTable(), cached.Seen);
            // This process will count as silent without having said so. Whoever comes next must not go back behind it.
            Write(new CachedTable { Seen = cached.Seen, OnStoreLoss = _onStoreLoss });
            return (null, cached.Seen);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            // Only a start without the store is lost by it.
            Log.TableNotRead(_logger, _directory.Description, e.Message);
            return (null, null);
        }
    }
}
