using System.Collections.Immutable;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Leases;
using BucketProxy.Cluster.LocalState;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Participation;

/// <summary>
/// Carries out what <see cref="ProxyParticipant"/> decides: registers the proxy, publishes tables, reports silence, fences.
/// </summary>
/// <remarks>
/// One loop decides; it never waits for the store, so that a new table or a fence is never late because a write is. At most
/// one write is under way at a time, and its outcome wakes the loop.
/// </remarks>
public sealed class ProxyAgent : IAsyncDisposable
{
    private static readonly TimeSpan WriteDeadline = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan WriteRetry = TimeSpan.FromMilliseconds(500);

    private readonly IClusterStore _store;
    private readonly KeySchema _keys;
    private readonly IViewSource _views;
    private readonly CurrentTable _table;
    private readonly IProxyTraffic _traffic;
    private readonly ProxyAgentOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ProxyAgent> _logger;
    private readonly TableCache? _cache;
    private readonly Signal _signal = new();
    private readonly SilenceWatch _silence;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _serving = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ProxyState _state;
    private LeaseKeeper? _lease;
    private ImmutableSortedDictionary<string, string> _busy = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
    private ImmutableSortedDictionary<string, string>? _busyWritten;
    private Task<Func<ProxyState, ProxyState>>? _write;
    private long _writeNotBefore;
    private Task? _loop;
    private Task? _loads;

    /// <summary>Makes the agent; <see cref="Start"/> sets it going.</summary>
    /// <param name="store">The store.</param>
    /// <param name="keys">How keys are spelled.</param>
    /// <param name="views">The mirror.</param>
    /// <param name="table">Where tables are published.</param>
    /// <param name="traffic">What is in flight.</param>
    /// <param name="options">How to take part.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="cache">The last good table on disk, or null where the proxy has no state directory.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public ProxyAgent(
        IClusterStore store,
        KeySchema keys,
        IViewSource views,
        CurrentTable table,
        IProxyTraffic traffic,
        ProxyAgentOptions options,
        TimeProvider time,
        ILogger<ProxyAgent> logger,
        TableCache? cache = null)
    {
        options.Validate();
        _store = store;
        _keys = keys;
        _views = views;
        _table = table;
        _traffic = traffic;
        _options = options;
        _time = time;
        _logger = logger;
        _cache = cache;
        _silence = new SilenceWatch(traffic, time, _signal.Set);
        _state = new ProxyState { Instance = options.Instance, OnStoreLoss = options.OnStoreLoss };
        // A successor that starts while the store is away serves what its predecessor left: nobody can have been granted
        // anything in a planned move meanwhile, because the predecessor's record still stands and reports no silence.
        if (table.Table.IsStale)
            _state = _state with { Phase = ProxyPhase.Serving, KeepsPredecessors = options.Predecessors.Count > 0 };
    }

    /// <summary>What the proxy is to the cluster right now.</summary>
    public ProxyPhase Phase => Volatile.Read(ref _state).Phase;

    /// <summary>Completes once the proxy serves a table confirmed by the store, and its predecessors' records are gone.</summary>
    public Task Serving => _serving.Task;

    /// <summary>For how long the lease lives for certain; null: there is none.</summary>
    public TimeSpan? LeaseRemaining =>
        Volatile.Read(ref _lease) is { Lost.IsCompleted: false } lease ? lease.Remaining : null;

    /// <summary>
    /// S2, looked at while it runs: a bucket of which this proxy has told the store that it is silent, for a move that still stands,
    /// while something of it is in flight. Null: there is none, as it should be.
    /// </summary>
    public string? BrokenSilence()
    {
        var table = _table.Table;
        foreach (var (name, move) in Volatile.Read(ref _state).Reported)
        {
            if (!Bucket.TryParse(name, out var bucket))
                continue;
            var entry = table.Pins.Prepend(table[bucket]).FirstOrDefault(e => e.Bucket == bucket && e.MoveRevision == move);
            if (entry is null || _traffic.BusyWith(bucket, entry.Pin) is not { } busy)
                continue;
            // What was looked at must have been one table, or the move was over before the traffic was asked.
            if (ReferenceEquals(table, _table.Table))
                return $"bucket {name} of move {move}: {busy}";
        }
        return null;
    }

    /// <summary>Sets it going.</summary>
    public void Start()
    {
        _loop = LoopAsync();
        _loads = _options.LoadInterval > TimeSpan.Zero ? PublishLoadsAsync() : null;
    }

    private async Task LoopAsync()
    {
        try
        {
            while (true)
            {
                _signal.Reset();
                var view = _views.Current;
                await TakeOutcomeOfWriteAsync().ConfigureAwait(false);
                var wake = Step(view);
                await WaitAsync(view, wake).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task TakeOutcomeOfWriteAsync()
    {
        if (_write is not { IsCompleted: true } write)
            return;
        _write = null;
        try
        {
            var outcome = await write.ConfigureAwait(false);
            _state = outcome(_state);
        }
        catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
        {
            Log.ProxyWriteFailed(_logger, e, _options.Instance);
            _writeNotBefore = _time.GetTimestamp() + (long)(WriteRetry.TotalSeconds * _time.TimestampFrequency);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            Log.ProxyWriteTimedOut(_logger, _options.Instance, WriteDeadline.TotalSeconds);
            _writeNotBefore = _time.GetTimestamp() + (long)(WriteRetry.TotalSeconds * _time.TimestampFrequency);
        }
    }

    // One decision. Returns when to decide again if nothing happens before; null: nothing but an event can matter.
    private TimeSpan? Step(ClusterView? view)
    {
        var before = _state.Phase;
        var decision = ProxyParticipant.Decide(new ProxyInput
        {
            State = _state,
            View = view,
            Published = _table.Table,
            LeaseRemaining = LeaseRemaining,
            FenceMargin = _options.FenceMargin,
            Predecessors = _options.Predecessors,
            IsSilent = (bucket, _) => _silence.IsSilent(bucket, view!.Moves[bucket].CreateRevision),
        });
        Volatile.Write(ref _state, decision.State);

        if (decision.Fence)
        {
            Log.Fenced(_logger, _options.Instance);
            // Closed for new requests first, then cut: what is cut cannot come back.
            _table.Publish(ClosedTable.Of(_table.Table));
            _traffic.AbortAll();
        }
        if (decision.Publish)
        {
            _table.Publish(RoutingTableBuilder.Build(_table.Table, view!));
            _silence.Follow(view!);
            _signal.Set();
        }
        if (before != decision.State.Phase && decision.State.Phase == ProxyPhase.Serving)
            Log.Serving(_logger, _options.Instance, view!.Revision);
        if (decision.State is { Phase: ProxyPhase.Serving, RegisteredAt: > 0, KeepsPredecessors: false })
            _serving.TrySetResult();

        _busy = _silence.Busy().ToImmutableSortedDictionary(StringComparer.Ordinal);
        StartWrite(decision);
        return Earliest(_silence.NextBusy(), UntilFence(), UntilRetry());
    }

    private void StartWrite(ProxyDecision decision)
    {
        var reportBusy = decision.State.RegisteredAt > 0 && _busyWritten is { } written && !written.SequenceEqual(_busy);
        if (_write is not null || UntilRetry() > TimeSpan.Zero
            || !(decision.Register || decision.Report || decision.ReleasePredecessors || reportBusy))
        {
            return;
        }
        _write = decision.Register ? RegisterAsync(decision.State, _busy)
            : decision.ReleasePredecessors ? ReleasePredecessorsAsync()
            : ReportAsync(decision.State, _busy);
        _write.ContinueWith(_ => _signal.Set(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    // Each write comes back as what it changes of the standing by then: that may have changed while it was under way.
    private async Task<Func<ProxyState, ProxyState>> RegisterAsync(ProxyState state, ImmutableSortedDictionary<string, string> busy)
    {
        using var deadline = Deadline(out var timer);
        await using var running = timer.ConfigureAwait(false);
        await FlushTableAsync(deadline.Token).ConfigureAwait(false);
        if (_lease is { Lost.IsCompleted: true } lost)
        {
            await lost.DisposeAsync().ConfigureAwait(false);
            Volatile.Write(ref _lease, null);
        }
        if (_lease is null)
        {
            var granted = await LeaseKeeper.GrantAsync(_store, _options.LeaseTimeToLive, _time, deadline.Token).ConfigureAwait(false);
            Volatile.Write(ref _lease, granted);
            _ = granted.Lost.ContinueWith(_ => _signal.Set(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        var operations = new List<StoreOperation>
        {
            StoreOperation.PutText(_keys.Proxy(_options.Instance), RecordJson.Write(RecordOf(state, busy))),
            StoreOperation.PutText(_keys.Alive(_options.Instance), "", _lease.LeaseId),
        };
        if (!state.KeepsPredecessors)
            operations.AddRange(DeletePredecessors());
        var result = await _store.CommitAsync(new StoreTransaction { Success = operations }, deadline.Token).ConfigureAwait(false);
        _busyWritten = busy;
        Log.Registered(_logger, _options.Instance, result.Revision);
        return now => now with { RegisteredAt = result.Revision, Lapsed = false, Reported = state.Silent };
    }

    private IEnumerable<StoreOperation> DeletePredecessors() => _options.Predecessors.SelectMany(predecessor =>
        new[] { StoreOperation.DeleteKey(_keys.Proxy(predecessor)), StoreOperation.DeleteKey(_keys.Alive(predecessor)) });

    private async Task<Func<ProxyState, ProxyState>> ReleasePredecessorsAsync()
    {
        using var deadline = Deadline(out var timer);
        await using var running = timer.ConfigureAwait(false);
        await _store.CommitAsync(new StoreTransaction { Success = [.. DeletePredecessors()] }, deadline.Token).ConfigureAwait(false);
        return now => now with { KeepsPredecessors = false };
    }

    private async Task<Func<ProxyState, ProxyState>> ReportAsync(ProxyState state, ImmutableSortedDictionary<string, string> busy)
    {
        using var deadline = Deadline(out var timer);
        await using var running = timer.ConfigureAwait(false);
        await FlushTableAsync(deadline.Token).ConfigureAwait(false);
        var key = _keys.Proxy(_options.Instance);
        var result = await _store.CommitAsync(
            new StoreTransaction
            {
                // Never brings back a record that an operator deleted: that would undo the forgetting.
                Comparisons = [Comparison.Exists(key)],
                Success = [StoreOperation.PutText(key, RecordJson.Write(RecordOf(state, busy)))],
            },
            deadline.Token).ConfigureAwait(false);
        if (!result.Succeeded)
            return now => now;
        _busyWritten = busy;
        return now => now with { Reported = state.Silent };
    }

    // S2: what is reported silent here is held back in the published table. A successor that starts from disk must hold it
    // back too, so that table is on disk before anybody is told.
    private Task FlushTableAsync(CancellationToken cancellationToken) =>
        _cache?.FlushAsync(cancellationToken) ?? Task.CompletedTask;

    private CancellationTokenSource Deadline(out ITimer timer)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        timer = _time.CreateTimer(
            static s => ((CancellationTokenSource)s!).Cancel(), source, WriteDeadline, Timeout.InfiniteTimeSpan);
        return source;
    }

    private ProxyRecord RecordOf(ProxyState state, ImmutableSortedDictionary<string, string> busy) => new()
    {
        Address = _options.Address,
        Version = _options.Version,
        OnStoreLoss = _options.OnStoreLoss,
        LeaseSeconds = _options.LeaseTimeToLive.TotalSeconds,
        Silent = state.Silent,
        Busy = busy,
    };

    private async Task WaitAsync(ClusterView? seen, TimeSpan? wake)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var waits = new List<Task> { _signal.Task, _views.ChangedSinceAsync(seen, over.Token) };
        if (wake is { } delay)
            waits.Add(Task.Delay(delay < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : delay, _time, over.Token));
        else
            waits.Add(Task.Delay(Timeout.InfiniteTimeSpan, _time, over.Token));
        await Task.WhenAny(waits).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        _stop.Token.ThrowIfCancellationRequested();
    }

    // A fencing proxy decides again when its lease comes within the margin. A renewal in between makes that moment later.
    private TimeSpan? UntilFence() =>
        _options.OnStoreLoss == StoreLossMode.Fence && _state.Phase == ProxyPhase.Serving && LeaseRemaining is { } remaining
            ? remaining - _options.FenceMargin
            : null;

    private TimeSpan? UntilRetry()
    {
        var left = TimeSpan.FromSeconds((_writeNotBefore - _time.GetTimestamp()) / (double)_time.TimestampFrequency);
        return left > TimeSpan.Zero ? left : null;
    }

    private static TimeSpan? Earliest(params ReadOnlySpan<TimeSpan?> times)
    {
        TimeSpan? earliest = null;
        foreach (var time in times)
        {
            if (time is not null && (earliest is null || time < earliest))
                earliest = time;
        }
        return earliest;
    }

    private async Task PublishLoadsAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(_options.LoadInterval, _time, _stop.Token).ConfigureAwait(false);
                var report = _traffic.TakeLoad();
                if (_lease is not { Lost.IsCompleted: false } lease)
                    continue;
                try
                {
                    await _store.CommitAsync(
                        new StoreTransaction
                        {
                            Success = [StoreOperation.PutText(_keys.Load(_options.Instance), RecordJson.Write(report), lease.LeaseId)],
                        },
                        _stop.Token).ConfigureAwait(false);
                }
                catch (StoreException e)
                {
                    // The next report says it anew; the planner takes a report only while its lease lives.
                    Log.LoadNotPublished(_logger, e, _options.Instance);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    /// <summary>
    /// Leaves the cluster for good. Call when nothing is in flight any more: from then on nobody waits for this proxy.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        var registered = _state.RegisteredAt > 0;
        await _stop.CancelAsync().ConfigureAwait(false);
        await Ended(_loop).ConfigureAwait(false);
        await Ended(_loads).ConfigureAwait(false);
        await Ended(_write).ConfigureAwait(false);
        _silence.Dispose();
        if (registered)
            await LeaveAsync().ConfigureAwait(false);
        if (_lease is { } lease)
            await lease.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task LeaveAsync()
    {
        using var deadline = new CancellationTokenSource(WriteDeadline, _time);
        try
        {
            // S2: nobody waits for this proxy once its record is gone, so no successor may go on from its table.
            if (_cache is not null)
                await _cache.ForgetAsync(deadline.Token).ConfigureAwait(false);
            await _store.CommitAsync(
                new StoreTransaction
                {
                    Success =
                    [
                        StoreOperation.DeleteKey(_keys.Proxy(_options.Instance)),
                        StoreOperation.DeleteKey(_keys.Alive(_options.Instance)),
                        StoreOperation.DeleteKey(_keys.Load(_options.Instance)),
                    ],
                },
                deadline.Token).ConfigureAwait(false);
            Log.Left(_logger, _options.Instance);
        }
        catch (Exception e) when (e is StoreException or OperationCanceledException or IOException or UnauthorizedAccessException)
        {
            Log.CouldNotLeave(_logger, e, _options.Instance);
        }
    }

    private static async Task Ended(Task? task)
    {
        if (task is null)
            return;
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Cancelled is how they end; anything else is a defect that must not pass in silence.
        if (task.Exception?.InnerException is { } e
            and not (StoreException or OperationCanceledException or IOException or UnauthorizedAccessException))
            throw new InvalidOperationException("The agent's loop failed.", e);
    }
}
