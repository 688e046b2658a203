using System.Text.Json;
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

    // Keys that the watch deleted since the comparing read under way was sent, with the revision.
    private readonly Dictionary<string, long> _deleted = new(StringComparer.Ordinal);
    private Dictionary<string, StoreEntry> _entries = new(StringComparer.Ordinal);
    private ClusterView? _view;
    private StoreMark? _seen;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _watch;
    private long _delivered;
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
        _seen = seen;
        _builder = new ViewBuilder(keys);
    }

    /// <inheritdoc/>
    public ClusterView? Current => Volatile.Read(ref _view);

    /// <summary>How far the store was seen, also by earlier processes; null: never.</summary>
    public StoreMark? Seen => Volatile.Read(ref _seen);

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
                    Math.Max(0, _watchesOpened - 1), _wedged, _notAdopted, _lastError);
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
            new StoreTransaction { Success = [StoreOperation.PutText(AcceptedKey, RecordJson.Write(acceptance))] },
            cancellationToken).ConfigureAwait(false);
    }

    private string AcceptedKey => _keys.Policies + "accepted";

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
                        _delivered = read.Snapshot.Revision;
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
                else if (missed == Miss.Skipped || (missed == Miss.Late && !await CaughtUpAsync(watch, snapshot.Revision).ConfigureAwait(false)))
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

    private async Task<(StoreSnapshot Snapshot, bool Adopted, Miss Missed)> ReadAsync(CancellationToken cancellationToken)
    {
        long sinceRevision;
        var sentAt = _time.GetTimestamp();
        lock (_lock)
        {
            // A linearizable read shows at least what was known before it was sent.
            sinceRevision = _seen?.Revision ?? 0;
            _deleted.Clear();
        }
        var snapshot = await _store.ReadAsync(_keys.Mirrored, ReadConsistency.Linearizable, cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            var missed = Missed(snapshot);
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

    private enum Miss
    {
        Nothing,

        // The read is ahead of the watch.
        Late,

        // The watch says that it delivered everything up to a revision, and did not.
        Skipped,
    }

    // What the snapshot knows and the watch has not told. The watch may also be ahead of the snapshot; that is nothing.
    private Miss Missed(StoreSnapshot snapshot)
    {
        if (snapshot.ClusterId != _view?.ClusterId)
            return Miss.Nothing;
        var miss = Miss.Nothing;
        var left = new HashSet<string>(_entries.Keys, StringComparer.Ordinal);
        foreach (var entry in snapshot.Entries)
        {
            left.Remove(entry.Key);
            var toldUpTo = _entries.TryGetValue(entry.Key, out var known) ? known.ModRevision
                : _deleted.GetValueOrDefault(entry.Key);
            if (toldUpTo < entry.ModRevision)
                Note(at: entry.ModRevision);
        }
        foreach (var key in left)
        {
            if (_entries[key].ModRevision <= snapshot.Revision)
                Note(at: snapshot.Revision);
        }
        return miss;

        void Note(long at) => miss = at <= _delivered ? Miss.Skipped : miss == Miss.Skipped ? miss : Miss.Late;
    }

    private async Task<bool> CaughtUpAsync(CancellationTokenSource watch, long revision)
    {
        var since = _time.GetTimestamp();
        while (_time.GetElapsedTime(since) < _options.WatchLag)
        {
            lock (_lock)
            {
                if (_delivered >= revision || !ReferenceEquals(_watch, watch))
                    return true;
            }
            await Task.Delay(_options.WatchLag / 10, _time, _stop.Token).ConfigureAwait(false);
        }
        lock (_lock)
            return _delivered >= revision || !ReferenceEquals(_watch, watch);
    }

    // Takes a whole snapshot. False: it is not the history that was seen, and no operator has accepted it.
    private bool Adopt(StoreSnapshot snapshot, long sinceRevision, long sentAt)
    {
        var doubt = Doubt(snapshot, sinceRevision);
        var accepted = doubt is not null && IsAccepted(snapshot);
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
            // Another history: nothing of the one before says anything about this one.
            Log.StoreAdopted(_logger, _store.Description, snapshot.Revision);
            _entries = [];
            Set(_builder.Apply(null, snapshot.ClusterId, snapshot.Revision, Take(snapshot)));
            return true;
        }
        // The watch may have delivered more while the read was under way; then the view is the newer of the two.
        if (_view is not null && snapshot.Revision < _view.Revision)
            return true;
        var changes = Take(snapshot);
        if (_view is null || changes.Count > 0)
            Set(_builder.Apply(_view, snapshot.ClusterId, snapshot.Revision, changes));
        else
            Mark(snapshot.ClusterId, snapshot.Revision);
        return true;
    }

    // A store that was seen further, or is another one, must not take the view's place: epochs would fall, and owners of long ago
    // would come back while the present ones hold their bases in memory.
    private string? Doubt(StoreSnapshot snapshot, long sinceRevision)
    {
        if (_seen is not { } seen)
            return null;
        if (snapshot.ClusterId != seen.ClusterId)
            return $"it is another store: its cluster id is {snapshot.ClusterId:x}, {seen.ClusterId:x} was seen before";
        if (snapshot.Revision < sinceRevision)
            return $"its revision ran backwards: it is at {snapshot.Revision}, {sinceRevision} was seen before; it was restored from a backup";
        if (snapshot.Entries.FirstOrDefault(e => IsOfAnotherHistory(e, sinceRevision)) is { } entry)
            return $"its history is another one: {entry.Key} is not at revision {entry.ModRevision} what was seen before";
        // S7: all owners gone at once is no decision of any monitor, but a store that was emptied.
        if (seen.HasOwners && !snapshot.Entries.Any(IsAssignment))
            return "it holds no assignment at all any more";
        return null;
    }

    // A store that was restored and has since been written further than what was seen. One revision has one value in one
    // history, and the revision of a key never falls.
    private bool IsOfAnotherHistory(StoreEntry entry, long sinceRevision) =>
        _entries.TryGetValue(entry.Key, out var known) && (known.ModRevision == entry.ModRevision
            ? !known.Value.Span.SequenceEqual(entry.Value.Span)
            : known.ModRevision > entry.ModRevision && known.ModRevision <= sinceRevision);

    private bool IsAssignment(StoreEntry entry) => entry.Key.StartsWith(_keys.Assignments, StringComparison.Ordinal);

    // A word that was in the history already is not for this one: a backup can hold the word about an earlier backup.
    private bool IsAccepted(StoreSnapshot snapshot) =>
        AcceptanceIn(snapshot.Entries.FirstOrDefault(e => e.Key == AcceptedKey)) is { } acceptance
        && acceptance.ClusterId == snapshot.ClusterId
        && acceptance.Abandoned >= _seen!.Revision
        && acceptance.Id != _seen.Acceptance;

    private StoreAcceptance? AcceptanceIn(StoreEntry? entry)
    {
        if (entry is null)
            return null;
        try
        {
            return RecordJson.Read<StoreAcceptance>(entry.Value.Span);
        }
        catch (JsonException e)
        {
            Log.AcceptanceUnreadable(_logger, AcceptedKey, e.Message);
            return null;
        }
    }

    private List<WatchEvent> Take(StoreSnapshot snapshot)
    {
        var changes = ChangesTo(snapshot);
        _entries = snapshot.Entries.ToDictionary(e => e.Key, StringComparer.Ordinal);
        return changes;
    }

    private List<WatchEvent> ChangesTo(StoreSnapshot snapshot)
    {
        var changes = new List<WatchEvent>();
        var left = new HashSet<string>(_entries.Keys, StringComparer.Ordinal);
        foreach (var entry in snapshot.Entries)
        {
            if (left.Remove(entry.Key))
            {
                var known = _entries[entry.Key];
                if (known.ModRevision == entry.ModRevision)
                    continue;
                // It was deleted in between: what it said before is over, also if its new value cannot be read.
                if (known.CreateRevision != entry.CreateRevision)
                    changes.Add(new WatchEvent(entry.Key, entry.CreateRevision, null));
            }
            changes.Add(new WatchEvent(entry.Key, entry.ModRevision, entry));
        }
        changes.AddRange(left.Select(key => new WatchEvent(key, snapshot.Revision, null)));
        return changes;
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
            _delivered = Math.Max(_delivered, batch.Revision);
            if (news.Count == 0)
            {
                Mark(batch.ClusterId, batch.Revision);
                return true;
            }
            foreach (var change in news)
            {
                if (change.Entry is { } entry)
                {
                    _entries[change.Key] = entry;
                }
                else
                {
                    _entries.Remove(change.Key);
                    _deleted[change.Key] = change.Revision;
                }
            }
            Set(view);
            return true;
        }
    }

    private void Mark(ulong clusterId, long revision)
    {
        var acceptance = _entries.TryGetValue(AcceptedKey, out var entry) ? AcceptanceIn(entry)?.Id : null;
        var furthest = _seen is { } seen && seen.ClusterId == clusterId && seen.Acceptance == acceptance
            ? Math.Max(seen.Revision, revision)
            : revision;
        Volatile.Write(ref _seen, new StoreMark(clusterId, furthest, acceptance, _view is { Assignments.IsEmpty: false }));
    }

    private void Set(ClusterView view)
    {
        Volatile.Write(ref _view, view);
        Mark(view.ClusterId, view.Revision);
        // Once each; a writer that never tires must not fill the memory.
        if (_reported.Count > 10_000)
            _reported.Clear();
        foreach (var problem in view.Problems.Values)
        {
            // How many keys name an unknown owner is no news; that one does is.
            if (_reported.Add(problem.UnknownOwner ? problem with { ModRevision = 0, Reason = "" } : problem))
                Log.ValueProblem(_logger, problem.Key, problem.ModRevision, problem.Reason);
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
