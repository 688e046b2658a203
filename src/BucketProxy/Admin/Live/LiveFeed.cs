using BucketProxy.Admin.Contract;

namespace BucketProxy.Admin.Live;

/// <summary>
/// The cluster as it changes, for every dashboard that looks at this instance: read once, written as JSON once, whatever the number of
/// listeners.
/// <code>
///   view changes ─► Chronicle (each one)          ┌─► listener (≤ 32 messages, else a fresh snapshot)
///   and a tick ───► LiveState ─► what differs ────┼─► listener
///                   (≤ 5 times a second)          └─► the last 64, for who comes back with Last-Event-ID
/// </code>
/// </summary>
internal sealed class LiveFeed
{
    /// <summary>Listeners at most: each holds a connection and up to <see cref="LiveListener.Capacity"/> messages.</summary>
    public const int MaxListeners = 64;

    private const int Kept = 64;

    /// <summary>At most so often: 256 buckets may change one by one.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    /// <summary>Loads and the state of the store come without a change of the view.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly AdminContext _context;
    private readonly TimeProvider _time;
    private readonly Chronicle _chronicle;
    private readonly List<LiveListener> _listeners = [];
    private readonly Queue<LiveMessage> _kept = [];
    private LiveState? _state;
    private long _id;
    private long _told;
    private bool _stopped;

    /// <summary>A feed that stands still until <see cref="RunAsync"/>.</summary>
    public LiveFeed(AdminContext context, TimeProvider time)
    {
        _context = context;
        _time = time;
        _chronicle = new Chronicle(context.Desk, time);
    }

    /// <summary>Names this run: ids of another run mean nothing here.</summary>
    public string Run { get; } = Guid.NewGuid().ToString("N")[..8];

    /// <summary>How many listen.</summary>
    public int Listeners
    {
        get
        {
            lock (_lock)
                return _listeners.Count;
        }
    }

    /// <summary>The last hour.</summary>
    public Task<HistoryReport> HistoryAsync(CancellationToken cancellationToken) => _chronicle.ReportAsync(Run, cancellationToken);

    /// <summary>Goes on until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var parts = new[] { ChronicleAsync(either.Token), PublishAsync(either.Token) };
        // One does not go on without the other; what ended first says why.
        var first = await Task.WhenAny(parts);
        await either.CancelAsync();
        await Task.WhenAll(parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    /// <summary>Sends every listener home, so that the port can close.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _stopped = true;
            foreach (var listener in _listeners)
                listener.Complete();
        }
    }

    /// <summary>Listens: what comes after the event that it has seen last, or a snapshot.</summary>
    /// <param name="lastEventId">The id of that event; null: none.</param>
    /// <returns>Null: there are too many listeners.</returns>
    public LiveListener? Join(string? lastEventId)
    {
        var listener = new LiveListener();
        lock (_lock)
        {
            if (_listeners.Count >= MaxListeners)
                return null;
            _listeners.Add(listener);
            if (_stopped)
                listener.Complete();
            if (LiveMessage.PlaceOf(lastEventId, Run) is { } seen && seen <= _id && _id - seen <= Math.Min(_kept.Count, LiveListener.Capacity))
            {
                foreach (var message in _kept.Where(m => m.Id > seen))
                    listener.Offer(message);
            }
            else
            {
                listener.WantSnapshot();
            }
        }
        return listener;
    }

    /// <summary>No longer listens.</summary>
    public void Leave(LiveListener listener)
    {
        lock (_lock)
            _listeners.Remove(listener);
    }

    /// <summary>The whole of it, for one listener that has thrown away what it had before.</summary>
    public LiveMessage Snapshot()
    {
        lock (_lock)
        {
            // Before the first tick: as it is now.
            _state ??= LiveState.Of(_context, _time.GetUtcNow());
            return LiveMessage.Of(Run, _id, "snapshot", _state.Snapshot(Run));
        }
    }

    private async Task ChronicleAsync(CancellationToken stop)
    {
        while (true)
        {
            var view = _context.View;
            if (view is not null)
                _chronicle.See(view, _context.Desk.Standings());
            await _context.Views.ChangedSinceAsync(view, stop);
        }
    }

    private async Task PublishAsync(CancellationToken stop)
    {
        while (true)
        {
            var view = _context.View;
            Publish();
            await ChangedOrTickAsync(view, stop);
            // The table follows the view a moment later.
            await Task.Delay(Pace, _time, stop);
        }
    }

    private void Publish()
    {
        var mirror = _context.Mirror();
        _chronicle.SeeStore(mirror.Connected, mirror.LastError);
        lock (_lock)
        {
            var before = _state;
            _state = LiveState.Of(_context, _time.GetUtcNow());
            var history = _chronicle.After(_told);
            if (history.Count > 0)
                _told = history[^1].Id;
            if (before is null || _state.Since(before, history) is not { } change)
                return;
            var message = LiveMessage.Of(Run, ++_id, "change", change);
            _kept.Enqueue(message);
            if (_kept.Count > Kept)
                _kept.Dequeue();
            foreach (var listener in _listeners)
                listener.Offer(message);
        }
    }

    private async Task ChangedOrTickAsync(Cluster.View.ClusterView? view, CancellationToken stop)
    {
        using var tick = new CancellationTokenSource(Tick, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(tick.Token, stop);
        try
        {
            await _context.Views.ChangedSinceAsync(view, either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // The tick.
        }
    }
}
