using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace BucketProxy.Cluster.Mirror;

/// <summary>
/// Follows the store, so that <see cref="MirroredView"/> is the newest: a snapshot, then a watch from the revision after it, and every few
/// seconds a read of everything to compare with. It never gives up.
/// <code>
///   snapshot at R ──► view R ──► watch from R+1 ──► view R+1, R+2, …
///        ▲                            │ ends, compacted, wedged
///        └────── back-off ◄───────────┘
/// </code>
/// </summary>
public sealed class StoreMirror : IViewSource, IAsyncDisposable
{
    // How many revisions further than the accepting instance another one may have seen and still take its word.
    private const long AcceptanceReach = 10_000;

    private readonly IClusterStore _store;
    private readonly KeySchema _keys;
    private readonly MirrorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<StoreMirror> _logger;
    private readonly MirroredView _mirrored;
    private readonly ResiliencePipeline<TimeSpan> _again;
    private readonly CancellationTokenSource _stop = new();
    private readonly ToldCauses _causes;
    private readonly Lock _lock = new();
    private CancellationTokenSource? _watch;
    private bool _connected;
    private long _watchesOpened;
    private long _wedged;
    private string? _lastError;
    private Task _loops = Task.CompletedTask;

    /// <summary>Makes the mirror; <see cref="Start"/> sets it going.</summary>
    /// <param name="store">The store.</param>
    /// <param name="keys">How keys are spelled.</param>
    /// <param name="options">How to follow.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where problems are reported, each once.</param>
    /// <param name="seen">How far the store was seen before this process started, or null. A store that is behind it, or is
    /// another one, is not adopted.</param>
    public StoreMirror(
        IClusterStore store, KeySchema keys, MirrorOptions options, TimeProvider time, ILogger<StoreMirror> logger, StoreMark? seen = null)
    {
        _store = store;
        _keys = keys;
        _options = options;
        _time = time;
        _logger = logger;
        _causes = new ToldCauses(time);
        _mirrored = new MirroredView(keys, store.Description, logger, seen);
        // With chance in the pauses, so that instances that lost one store do not all come back to it at once.
        _again = new ResiliencePipelineBuilder<TimeSpan> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<TimeSpan>
            {
                // Pauses start anew only after what lasted for a while: a store that answers and breaks at once is not asked without pause.
                ShouldHandle = args => new ValueTask<bool>(args.Outcome.Result < options.MaxBackoff * 2),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.MinBackoff,
                MaxDelay = options.MaxBackoff,
            })
            .Build();
    }

    /// <inheritdoc/>
    public ClusterView? Current => _mirrored.Current;

    /// <summary>How far the store was seen, also by earlier processes; null: never.</summary>
    public StoreMark? Seen => _mirrored.Seen;

    /// <summary>How well it follows.</summary>
    public MirrorStatus Status
    {
        get
        {
            var (view, confirmedAt, notAdopted, acceptance) = _mirrored.Now;
            lock (_lock)
            {
                return new MirrorStatus(
                    _connected, view?.ClusterId ?? 0, view?.Revision ?? 0,
                    view is null ? null : _time.GetElapsedTime(confirmedAt),
                    Math.Max(0, _watchesOpened - 1), _wedged, notAdopted, _lastError)
                {
                    Acceptance = acceptance,
                };
            }
        }
    }

    /// <summary>Sets it going.</summary>
    public void Start() => _loops = Task.WhenAll(FollowAsync(), CompareAsync());

    /// <inheritdoc/>
    public Task ChangedSinceAsync(ClusterView? seen, CancellationToken cancellationToken) =>
        _mirrored.ChangedSinceAsync(seen, cancellationToken);

    /// <summary>
    /// An operator's word that the store as it is now is the right one, for every instance. Without it, a store that was restored
    /// from a backup, or is another one, is not followed.
    /// </summary>
    /// <exception cref="StoreException">The word could not be written.</exception>
    public async Task AcceptStoreAsync(CancellationToken cancellationToken)
    {
        var now = await _store.ReadAsync([_keys.Leader], ReadConsistency.Linearizable, cancellationToken).ConfigureAwait(false);
        var acceptance = new StoreAcceptance(
            now.ClusterId, (Seen?.Revision ?? 0) + AcceptanceReach, Guid.NewGuid().ToString("N"));
        await _store.CommitAsync(
            new StoreTransaction { Success = [StoreOperation.PutText(_mirrored.AcceptedKey, RecordJson.Write(acceptance))] },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task FollowAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
                await _again.ExecuteAsync(FollowOnceAsync, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // As asked.
        }
    }

    /// <summary>Follows until it breaks. Returns how long that went well.</summary>
    private async ValueTask<TimeSpan> FollowOnceAsync(CancellationToken stop)
    {
        var since = _time.GetTimestamp();
        using var watch = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            // :: Step 1: everything, at one revision R.
            if (await ReadAsync(watch.Token).ConfigureAwait(false) is { Adopted: true } read)
            {
                // :: Step 2: what changed since, from R + 1 on.
                _mirrored.WatchFrom(read.Snapshot.Revision);
                lock (_lock)
                {
                    _watch = watch;
                    _watchesOpened++;
                    _connected = true;
                }
                await foreach (var batch in _store.WatchAsync(_keys.Mirrored, read.Snapshot.Revision + 1, watch.Token).ConfigureAwait(false))
                {
                    if (!_mirrored.Take(batch))
                        break;
                }
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // The comparison found this watch wedged and closed it.
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Failed(e);
        }
        finally
        {
            lock (_lock)
            {
                _watch = null;
                _connected = false;
            }
        }
        // :: Step 3: any end, of whatever kind, leads back to step 1.
        return _time.GetElapsedTime(since);
    }

    private void Failed(Exception e)
    {
        // Anything but a StoreException is a defect. It must not end the mirror: a table that nobody renews is worse.
        if (e is not StoreException)
            Log.MirrorFailed(_logger, _store.Description, e);
        if (e is StoreException { Cause: var cause } && _causes.IsNews(cause))
            Log.StoreLost(_logger, _store.Description, e.Message);
        lock (_lock)
        {
            _lastError = e.Message;
            _connected = false;
        }
    }

    // S8: a watch can be dead without an error. What a read finds that the watch has not delivered is taken from the read, and a
    // watch that does not catch up is closed.
    private async Task CompareAsync()
    {
        while (true)
        {
            try
            {
                await Task.Delay(_options.RereadInterval, _time, _stop.Token).ConfigureAwait(false);
                CancellationTokenSource? watch;
                lock (_lock)
                    watch = _watch;
                if (watch is null)
                    continue;
                var (snapshot, adopted, missed) = await ReadAsync(_stop.Token).ConfigureAwait(false);
                lock (_lock)
                    _connected = adopted && _watch is not null;
                if (!adopted)
                {
                    await CloseAsync(watch).ConfigureAwait(false);
                }
                else if (missed == SeenHistory.Miss.Skipped || (missed == SeenHistory.Miss.Late && !await CaughtUpAsync(watch, snapshot.Revision).ConfigureAwait(false)))
                {
                    Interlocked.Increment(ref _wedged);
                    Log.WatchWedged(_logger, _store.Description, snapshot.Revision);
                    await CloseAsync(watch).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Failed(e);
            }
        }
    }

    private async Task<(StoreSnapshot Snapshot, bool Adopted, SeenHistory.Miss Missed)> ReadAsync(CancellationToken cancellationToken)
    {
        var sentAt = _time.GetTimestamp();
        var sinceRevision = _mirrored.BeginRead();
        var snapshot = await _store.ReadAsync(_keys.Mirrored, ReadConsistency.Linearizable, cancellationToken).ConfigureAwait(false);
        var (adopted, missed) = _mirrored.Take(snapshot, sinceRevision, sentAt);
        if (adopted)
        {
            lock (_lock)
                _lastError = null;
            if (_causes.IsOver())
                Log.StoreFollowed(_logger, _store.Description);
        }
        return (snapshot, adopted, missed);
    }

    private static async Task CloseAsync(CancellationTokenSource watch)
    {
        try
        {
            await watch.CancelAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself meanwhile.
        }
    }

    private async Task<bool> CaughtUpAsync(CancellationTokenSource watch, long revision)
    {
        var since = _time.GetTimestamp();
        while (_time.GetElapsedTime(since) < _options.WatchLag)
        {
            if (HasCaughtUp())
                return true;
            await Task.Delay(_options.WatchLag / 10, _time, _stop.Token).ConfigureAwait(false);
        }
        return HasCaughtUp();

        bool HasCaughtUp()
        {
            lock (_lock)
            {
                // Another watch stands, or none: then this one needs no closing.
                if (!ReferenceEquals(_watch, watch))
                    return true;
            }
            return _mirrored.Delivered >= revision;
        }
    }

    /// <summary>Ends the watch and the comparing reads. The store is left open.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loops.ConfigureAwait(false);
        _stop.Dispose();
    }
}
