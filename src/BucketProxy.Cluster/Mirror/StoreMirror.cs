using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Cluster.Mirror;

/// <summary>
/// Keeps the newest <see cref="ClusterView"/> in memory: a snapshot, then a watch from the revision after it, and every few
/// seconds a read of everything to compare with. It never gives up, and never takes a whole view for an older one (S7).
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
    private readonly ViewBuilder _builder;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly HashSet<ViewProblem> _reported = [];
    private readonly SeenHistory _history;
    private ClusterView? _view;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _watch;
    private long _confirmedAt;
    private bool _connected;
    private long _watchesOpened;
    private long _wedged;
    private string? _notAdopted;
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
        _history = new SeenHistory(keys, logger, seen);
        _builder = new ViewBuilder(keys);
    }

    /// <inheritdoc/>
    public ClusterView? Current => Volatile.Read(ref _view);

    /// <summary>How far the store was seen, also by earlier processes; null: never.</summary>
    public StoreMark? Seen => _history.Mark;

    /// <summary>How well it follows.</summary>
    public MirrorStatus Status
    {
        get
        {
            lock (_lock)
            {
                return new MirrorStatus(
                    _connected, _view?.ClusterId ?? 0, _view?.Revision ?? 0,
                    _view is null ? null : _time.GetElapsedTime(_confirmedAt),
                    Math.Max(0, _watchesOpened - 1), _wedged, _notAdopted, _lastError)
                {
                    Acceptance = _history.Mark?.Acceptance,
                };
            }
        }
    }

    /// <summary>Sets it going.</summary>
    public void Start() => _loops = Task.WhenAll(FollowAsync(), CompareAsync());

    /// <inheritdoc/>
    public async Task ChangedSinceAsync(ClusterView? seen, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (!ReferenceEquals(_view, seen))
                    return;
                changed = _changed.Task;
            }
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

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
            new StoreTransaction { Success = [StoreOperation.PutText(_history.AcceptedKey, RecordJson.Write(acceptance))] },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task FollowAsync()
    {
        var backoff = new Backoff(_options, _time);
        while (!_stop.IsCancellationRequested)
        {
            using var watch = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            try
            {
                // :: Step 1: everything, at one revision R.
                if (await ReadAsync(watch.Token).ConfigureAwait(false) is { Adopted: true } read)
                {
                    // :: Step 2: what changed since, from R + 1 on.
                    lock (_lock)
                    {
                        _watch = watch;
                        _watchesOpened++;
                        _history.WatchFrom(read.Snapshot.Revision);
                        _connected = true;
                    }
                    await foreach (var batch in _store.WatchAsync(_keys.Mirrored, read.Snapshot.Revision + 1, watch.Token).ConfigureAwait(false))
                    {
                        if (!Take(batch))
                            break;
                    }
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (OperationCanceledException)
            {
                // The comparison found this watch wedged and closed it.
            }
            catch (Exception e)
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
            try
            {
                await Task.Delay(backoff.Next(), _time, _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Failed(Exception e)
    {
        // Anything but a StoreException is a defect. It must not end the mirror: a table that nobody renews is worse.
        if (e is not StoreException)
            Log.MirrorFailed(_logger, _store.Description, e);
        lock (_lock)
        {
            if (e is StoreException && _lastError != e.Message)
                Log.StoreLost(_logger, _store.Description, e.Message);
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
        long sinceRevision;
        var sentAt = _time.GetTimestamp();
        lock (_lock)
            sinceRevision = _history.BeginRead();
        var snapshot = await _store.ReadAsync(_keys.Mirrored, ReadConsistency.Linearizable, cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            var missed = snapshot.ClusterId == _view?.ClusterId ? _history.Missed(snapshot) : SeenHistory.Miss.Nothing;
            return (snapshot, Adopt(snapshot, sinceRevision, sentAt), missed);
        }
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
            lock (_lock)
            {
                if (_history.Delivered >= revision || !ReferenceEquals(_watch, watch))
                    return true;
            }
            await Task.Delay(_options.WatchLag / 10, _time, _stop.Token).ConfigureAwait(false);
        }
        lock (_lock)
            return _history.Delivered >= revision || !ReferenceEquals(_watch, watch);
    }

    // Takes a whole snapshot. False: it is not the history that was seen, and no operator has accepted it.
    private bool Adopt(StoreSnapshot snapshot, long sinceRevision, long sentAt)
    {
        var doubt = _history.Doubt(snapshot, sinceRevision);
        var accepted = doubt is not null && _history.IsAccepted(snapshot);
        if (doubt is not null && !accepted)
        {
            if (_notAdopted != doubt)
                Log.StoreNotAdopted(_logger, _store.Description, doubt);
            _notAdopted = doubt;
            return false;
        }
        _notAdopted = null;
        _lastError = null;
        _confirmedAt = sentAt;
        if (accepted)
        {
            Log.StoreAdopted(_logger, _store.Description, snapshot.Revision);
            _history.Forget();
            Set(_builder.Apply(null, snapshot.ClusterId, snapshot.Revision, _history.Take(snapshot)));
            return true;
        }
        // The watch may have delivered more while the read was under way; then the view is the newer of the two.
        if (_view is not null && snapshot.Revision < _view.Revision)
            return true;
        var changes = _history.Take(snapshot);
        if (_view is null || changes.Count > 0)
            Set(_builder.Apply(_view, snapshot.ClusterId, snapshot.Revision, changes));
        else
            _history.Reach(snapshot.ClusterId, snapshot.Revision, !_view.Assignments.IsEmpty);
        return true;
    }

    // Takes a batch of the watch. False: it is of another store, or empties this one; a whole read tells.
    private bool Take(WatchBatch batch)
    {
        lock (_lock)
        {
            if (_view is null || batch.ClusterId != _view.ClusterId)
                return false;
            // What a comparing read has brought already is passed over: an older change must not undo a newer one.
            var news = batch.Events.Where(e => e.Revision > _view.Revision).ToList();
            var view = news.Count == 0 ? _view : _builder.Apply(_view, batch.ClusterId, batch.Revision, news);
            if (view.Assignments.IsEmpty && !_view.Assignments.IsEmpty)
                return false;
            _history.Take(news, batch.Revision);
            if (news.Count == 0)
                _history.Reach(batch.ClusterId, batch.Revision, !view.Assignments.IsEmpty);
            else
                Set(view);
            return true;
        }
    }

    private void Set(ClusterView view)
    {
        Volatile.Write(ref _view, view);
        _history.Reach(view.ClusterId, view.Revision, !view.Assignments.IsEmpty);
        // Once each; a writer that never tires must not fill the memory.
        if (_reported.Count > 10_000)
            _reported.Clear();
        foreach (var problem in view.Problems.Values)
        {
            // How many keys name an unknown owner is no news; that one does is.
            if (_reported.Add(problem.UnknownOwner ? problem with { ModRevision = 0, Reason = "" } : problem))
            {
                if (problem.UnknownOwner)
                    Log.UnknownOwner(_logger, problem.Key, problem.ModRevision, problem.Reason);
                else
                    Log.ValueProblem(_logger, problem.Key, problem.ModRevision, problem.Reason);
            }
        }
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
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
