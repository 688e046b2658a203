using System.Collections.Immutable;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.LocalState;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Participation;

/// <summary>
/// Has <see cref="ProxyParticipant"/> decide and carries it out: publishes tables, fences, and has <see cref="ProxyRegistration"/> write
/// what the cluster is to know.
/// </summary>
/// <remarks>
/// One loop decides; it never waits for the store, so that a new table or a fence is never late because a write is. At most
/// one write is under way at a time (<see cref="WriteSlot{TState}"/>), and its outcome wakes the loop.
/// </remarks>
public sealed class ProxyAgent : IAsyncDisposable
{
    private readonly IViewSource _views;
    private readonly CurrentTable _table;
    private readonly IProxyTraffic _traffic;
    private readonly ProxyAgentOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ProxyAgent> _logger;
    private readonly Signal _signal = new();
    private readonly SilenceWatch _silence;
    private readonly ProxyRegistration _registration;
    private readonly WriteSlot<ProxyState> _writes;
    private readonly LoadReporter _loadReporter;
    private readonly OwnServerSeat? _own;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _serving = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ProxyState _state;
    private ImmutableSortedDictionary<string, string> _busy = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
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
    /// <param name="own">The server behind the gate that the table is for; null: it is a proxy's.</param>
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
        TableCache? cache = null,
        OwnServerSeat? own = null)
    {
        options.Validate();
        _own = own;
        if (own is not null)
            own.WantedChanged += _signal.Set;
        _views = views;
        _table = table;
        _traffic = traffic;
        _options = options;
        _time = time;
        _logger = logger;
        _silence = new SilenceWatch(traffic, time, _signal.Set);
        _registration = new ProxyRegistration(store, keys, options, cache, time, logger, _signal.Set);
        _writes = new WriteSlot<ProxyState>(options.Instance, time, logger, _signal.Set, _stop.Token);
        _loadReporter = new LoadReporter(store, keys, _registration, traffic, options, time, logger);
        _state = new ProxyState { Instance = options.Instance, OnStoreLoss = options.OnStoreLoss };
        // A successor that starts while the store is away serves what its predecessor left: nobody can have been granted
        // anything in a planned move meanwhile, because the predecessor's record still stands and reports no silence.
        if (table.Table.IsStale)
            _state = _state with { Phase = ProxyPhase.Serving, KeepsPredecessors = options.Predecessors.Count > 0 };
    }

    /// <summary>What the proxy is to the cluster right now.</summary>
    public ProxyPhase Phase => Volatile.Read(ref _state).Phase;

    /// <summary>Why what it last wrote to the store was not written; null: it was.</summary>
    public string? Trouble => _writes.Trouble;

    /// <summary>Completes once the proxy serves a table confirmed by the store, and its predecessors' records are gone.</summary>
    public Task Serving => _serving.Task;

    /// <summary>For how long the lease lives for certain; null: there is none.</summary>
    public TimeSpan? LeaseRemaining => _registration.Lease?.Remaining;

    /// <summary>
    /// S2, looked at while it runs: a bucket of which this proxy has told the store that it is silent, for a move that still stands,
    /// while something of it is in flight. Null: there is none, as it should be.
    /// </summary>
    public string? BrokenSilence() => SilenceCheck.Broken(Volatile.Read(ref _state).Reported, _table, _traffic);

    /// <summary>Bucket to create-revision of the move: of this very move nothing is in flight from here to the old owner, and nothing more
    /// will be (S2).</summary>
    public IReadOnlyDictionary<string, long> Silent => Volatile.Read(ref _state).Silent;

    /// <summary>Bucket to what has held its move up for longer than usual, for people.</summary>
    public IReadOnlyDictionary<string, string> Busy => Volatile.Read(ref _busy);

    /// <summary>Called from any thread after its standing may have changed.</summary>
    public event Action? Decided;

    /// <summary>Sets it going.</summary>
    public void Start()
    {
        _loop = LoopAsync();
        _loads = _loadReporter.RunAsync(_stop.Token);
    }

    private async Task LoopAsync()
    {
        try
        {
            while (true)
            {
                _signal.Reset();
                // G6: what a gate wants rests on the view that it has seen, so the view is taken after it: the table that opens the gate is
                // never made of an older one.
                var own = _own?.Wanted;
                var view = _views.Current;
                if (await _writes.TakeOutcomeAsync().ConfigureAwait(false) is { } outcome)
                    _state = outcome(_state);
                var wake = Step(view, own);
                await WaitAsync(view, wake).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    // One decision. Returns when to decide again if nothing happens before; null: nothing but an event can matter.
    private TimeSpan? Step(ClusterView? view, OwnServer? own)
    {
        var standing = _state;
        var busyBefore = _busy;
        var before = standing.Phase;
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
            _own?.Published(null);
            _traffic.AbortAll();
        }
        var isDue = own != _own?.InForce || (_own is not null && _own.TakeRenewal());
        if (decision.Publish || (isDue && decision.State.Phase == ProxyPhase.Serving && view is not null))
        {
            _table.Publish(RoutingTableBuilder.Build(_table.Table, view!, own));
            _own?.Published(own);
            _silence.Follow(view!);
            _signal.Set();
        }
        if (before != decision.State.Phase && decision.State.Phase == ProxyPhase.Serving)
            Log.Serving(_logger, _options.Instance, view!.Revision);
        if (decision.State is { Phase: ProxyPhase.Serving, RegisteredAt: > 0, KeepsPredecessors: false })
            _serving.TrySetResult();

        StartWrite(decision);
        if (decision.State != standing || !_busy.SequenceEqual(busyBefore))
            Decided?.Invoke();
        return Earliest(_silence.NextBusy(), UntilFence(), _writes.UntilRetry);
    }

    private void StartWrite(ProxyDecision decision)
    {
        var busy = _silence.Busy().ToImmutableSortedDictionary(StringComparer.Ordinal);
        Volatile.Write(ref _busy, busy);
        if (!_writes.IsFree)
            return;
        if (decision.Register)
            _writes.Start(over => _registration.RegisterAsync(decision.State, busy, over));
        else if (decision.ReleasePredecessors)
            _writes.Start(_registration.ReleasePredecessorsAsync);
        else if (decision.Report || (decision.State.RegisteredAt > 0 && _registration.Busy is { } written && !written.SequenceEqual(busy)))
            _writes.Start(over => _registration.ReportAsync(decision.State, busy, over));
    }

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
        await Ended(_writes.Write).ConfigureAwait(false);
        _silence.Dispose();
        if (registered)
            await LeaveAsync().ConfigureAwait(false);
        await _registration.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task LeaveAsync()
    {
        using var deadline = new CancellationTokenSource(WriteSlot<ProxyState>.Deadline, _time);
        try
        {
            await _registration.LeaveAsync(deadline.Token).ConfigureAwait(false);
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
