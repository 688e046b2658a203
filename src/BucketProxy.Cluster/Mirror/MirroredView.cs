using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Cluster.Mirror;

/// <summary>
/// The view that is shown, and what may take its place: whole snapshots and changes of the history that was seen, never an older one (S7).
/// Without I/O and without a clock; one lock guards it, and <see cref="SeenHistory"/> with it.
/// </summary>
/// <param name="keys">How keys are spelled.</param>
/// <param name="store">What the store is called in the log.</param>
/// <param name="logger">Where it is reported what is not adopted, and each problem once.</param>
/// <param name="seen">How far the store was seen by earlier processes, or null.</param>
internal sealed class MirroredView(KeySchema keys, string store, ILogger logger, StoreMark? seen) : IViewSource
{
    private readonly Lock _lock = new();
    private readonly ViewBuilder _builder = new(keys);
    private readonly SeenHistory _history = new(keys, logger, seen);
    private readonly ProblemReports _problems = new(logger);
    private ClusterView? _view;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _confirmedAt;
    private string? _notAdopted;

    /// <summary>What is to be said of it at one moment: a revision means something only within its history.</summary>
    /// <param name="View">The view; null before the first.</param>
    /// <param name="ConfirmedAt">When the read was sent that confirmed it last.</param>
    /// <param name="NotAdopted">Why the store as it is now is not followed; null: it is.</param>
    /// <param name="Acceptance">The operator's word that its history began with, by id; null: there was none.</param>
    internal readonly record struct Standing(ClusterView? View, long ConfirmedAt, string? NotAdopted, string? Acceptance);

    /// <inheritdoc/>
    public ClusterView? Current => Volatile.Read(ref _view);

    /// <summary>How far the store was seen, also by earlier processes; null: never.</summary>
    public StoreMark? Seen => _history.Mark;

    /// <summary>The key of operators' words about restored stores.</summary>
    public string AcceptedKey => _history.AcceptedKey;

    /// <summary>Up to which revision the watch says that it delivered everything.</summary>
    public long Delivered
    {
        get
        {
            lock (_lock)
                return _history.Delivered;
        }
    }

    /// <summary>What is to be said of it now.</summary>
    public Standing Now
    {
        get
        {
            lock (_lock)
                return new Standing(_view, _confirmedAt, _notAdopted, _history.Mark?.Acceptance);
        }
    }

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

    /// <summary>A watch begins behind a snapshot.</summary>
    public void WatchFrom(long revision)
    {
        lock (_lock)
            _history.WatchFrom(revision);
    }

    /// <summary>A linearizable read is about to be sent: it shows at least the revision that is returned.</summary>
    public long BeginRead()
    {
        lock (_lock)
            return _history.BeginRead();
    }

    /// <summary>Takes a whole snapshot, and says what it knows that the watch has not told.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="sinceRevision">What <see cref="BeginRead"/> said.</param>
    /// <param name="sentAt">When the read was sent.</param>
    /// <returns>Not adopted: it is not the history that was seen, and no operator has accepted it.</returns>
    public (bool Adopted, SeenHistory.Miss Missed) Take(StoreSnapshot snapshot, long sinceRevision, long sentAt)
    {
        lock (_lock)
        {
            var missed = snapshot.ClusterId == _view?.ClusterId ? _history.Missed(snapshot) : SeenHistory.Miss.Nothing;
            return (Adopt_NeedsLock(snapshot, sinceRevision, sentAt), missed);
        }
    }

    /// <summary>Takes a batch of the watch. False: it is of another store, or empties this one; a whole read tells.</summary>
    public bool Take(WatchBatch batch)
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
                Set_NeedsLock(view);
            return true;
        }
    }

    private bool Adopt_NeedsLock(StoreSnapshot snapshot, long sinceRevision, long sentAt)
    {
        var doubt = _history.Doubt(snapshot, sinceRevision);
        var accepted = doubt is not null && _history.IsAccepted(snapshot);
        if (doubt is not null && !accepted)
        {
            if (_notAdopted != doubt)
                Log.StoreNotAdopted(logger, store, doubt);
            _notAdopted = doubt;
            return false;
        }
        _notAdopted = null;
        _confirmedAt = sentAt;
        if (accepted)
        {
            Log.StoreAdopted(logger, store, snapshot.Revision);
            _history.Forget();
            Set_NeedsLock(_builder.Apply(null, snapshot.ClusterId, snapshot.Revision, _history.Take(snapshot)));
            return true;
        }
        // The watch may have delivered more while the read was under way; then the view is the newer of the two.
        if (_view is not null && snapshot.Revision < _view.Revision)
            return true;
        var changes = _history.Take(snapshot);
        if (_view is null || changes.Count > 0)
            Set_NeedsLock(_builder.Apply(_view, snapshot.ClusterId, snapshot.Revision, changes));
        else
            _history.Reach(snapshot.ClusterId, snapshot.Revision, !_view.Assignments.IsEmpty);
        return true;
    }

    private void Set_NeedsLock(ClusterView view)
    {
        Volatile.Write(ref _view, view);
        _history.Reach(view.ClusterId, view.Revision, !view.Assignments.IsEmpty);
        _problems.Report(view);
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
    }
}
