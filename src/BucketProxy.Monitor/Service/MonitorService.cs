using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Auditing;
using BucketProxy.Monitor.Executing;
using BucketProxy.Monitor.Leading;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Telemetry;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Monitor.Service;

/// <summary>
/// One monitor of the cluster: stands by, leads when nobody else does, and then runs the reconcile loop.
/// <code>
///   stand by ──no leader──► campaign ──won──► lead: view, event or timer ─► Decide ─► actions ─► events ─┐
///      ▲                                        │        ▲────────────────────────────────────────────────┘
///      └────── deposed, or lease in doubt ◄─────┘
/// </code>
/// The loop is one thread of control; only actions run beside it. What is decided depends on the store alone, so any
/// monitor can take over at any point.
/// </summary>
public sealed class MonitorService : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly IClusterStore _store;
    private readonly KeySchema _keys;
    private readonly IViewSource _views;
    private readonly Func<string?> _notAdopted;
    private readonly MonitorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly NodeCalls _nodes;
    private readonly MonitorMetrics _metrics;
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private AlarmBoard _alarms;
    private LeaderTerm? _term;

    /// <summary>Makes the monitor; <see cref="Start"/> sets it going.</summary>
    /// <param name="store">The store.</param>
    /// <param name="keys">How keys are spelled.</param>
    /// <param name="views">The mirror of the store.</param>
    /// <param name="notAdopted">Why the store as it is now is not adopted, or null; asked before each decision.</param>
    /// <param name="options">Validated.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where orders, moves and alarms are logged.</param>
    /// <param name="meters">Makes the meter; null: a meter of the process.</param>
    /// <exception cref="ArgumentException">The options are not valid.</exception>
    public MonitorService(
        IClusterStore store, KeySchema keys, IViewSource views, Func<string?> notAdopted, MonitorOptions options, TimeProvider time,
        ILogger<MonitorService> logger, IMeterFactory? meters = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = options.Validate();
        if (errors.Count > 0)
            throw new ArgumentException(string.Join(Environment.NewLine, errors), nameof(options));
        _store = store;
        _keys = keys;
        _views = views;
        _notAdopted = notAdopted;
        _options = options;
        _time = time;
        _logger = logger;
        _nodes = new NodeCalls(options.NodeCalls, time);
        _metrics = new MonitorMetrics(meters);
        _alarms = new AlarmBoard(logger, _metrics.Raised);
    }

    /// <summary>Name of the meter that a monitor's metrics are in.</summary>
    public const string MeterName = MonitorMetrics.MeterName;

    /// <summary>Whether this monitor leads.</summary>
    public bool IsLeading { get; private set; }

    /// <summary>For how long it may still decide without another word from the store; zero while it does not lead.</summary>
    public TimeSpan LeaseRemaining => Volatile.Read(ref _term)?.Remaining ?? TimeSpan.Zero;

    /// <summary>What is wrong, as this monitor sees it while it leads; empty while it does not.</summary>
    public ImmutableArray<Alarm> Alarms => _alarms.Current;

    /// <summary>Sets it going.</summary>
    public void Start() => _running = Task.Run(RunAsync);

    private async Task RunAsync()
    {
        var campaign = new Campaign(_store, _keys, _views, _options, _time, _logger);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var term = await campaign.WinAsync(_stop.Token);
                Log.Elected(_logger, _options.Instance, term.Revision);
                IsLeading = true;
                Volatile.Write(ref _term, term);
                _metrics.Elected();
                var why = await LeadAsync(term);
                if (why is not null)
                    Log.Deposed(_logger, _options.Instance, why);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A fault in the loop itself. Resign, so that another monitor gets its chance, and begin anew.
                Log.Failed(_logger, e);
                await PauseAsync();
            }
            finally
            {
                IsLeading = false;
                Volatile.Write(ref _term, null);
                _alarms = new AlarmBoard(_logger, _metrics.Raised);
            }
        }
    }

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(Pause, _time, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    /// <summary>The reconcile loop. Ends with why this monitor no longer leads.</summary>
    private async Task<string?> LeadAsync(LeaderTerm term)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        await using var runner = new ActionRunner(_store, _keys, _nodes, _time, _logger, _metrics, ending.Token);
        var pruning = new AuditPruning(_store, _keys, _options, _time, _logger).RunAsync(term.Revision, ending.Token);
        try
        {
            var state = MonitorState.Begin(term.Revision);
            while (true)
            {
                // :: Step 1: still leading, for certain? Counted from the sending of the last renewal.
                _stop.Token.ThrowIfCancellationRequested();
                var remaining = term.Remaining;
                if (remaining <= TimeSpan.Zero)
                    return term.Lost.IsCompleted ? "the store ended its lease" : "its lease could not be renewed in time";

                // :: Step 2: decide on the newest view.
                TimeSpan? wakeAt = null;
                var now = Now();
                var view = _views.Current;
                if (view is not null)
                {
                    var result = Reconciler.Decide(new ReconcileInput
                    {
                        View = view,
                        State = state,
                        Options = _options,
                        LeaderRevision = term.Revision,
                        Now = now,
                        Clock = _time.GetUtcNow(),
                        Events = runner.Take(),
                        NotAdopted = _notAdopted(),
                        Keys = _keys,
                    });
                    state = result.State;
                    if (result.Deposed)
                        return "another monitor leads";
                    if (!result.Waiting)
                        _alarms.Show(result.Alarms);
                    wakeAt = result.WakeAt;

                    // :: Step 3: set the actions going; their ends are the next round's events.
                    foreach (var action in result.Actions)
                        runner.Start(action);
                }

                // :: Step 4: wait for anything that could change the decision.
                var pause = wakeAt is { } at && at - now < remaining ? at - now : remaining;
                await AnyAsync(runner, view, pause, term);
            }
        }
        finally
        {
            await ending.CancelAsync();
            await pruning;
        }
    }

    private async Task AnyAsync(ActionRunner runner, Cluster.View.ClusterView? view, TimeSpan pause, LeaderTerm term)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        // The adoption of the store is not part of any view, so it is looked at now and then in any case.
        var limit = pause < Pause ? pause : Pause;
        Task[] any =
        [
            runner.WaitAsync(enough.Token),
            _views.ChangedSinceAsync(view, enough.Token),
            Task.Delay(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, _time, enough.Token),
            term.Lost,
        ];
        await Task.WhenAny(any);
        await enough.CancelAsync();
        foreach (var one in any[..3])
            await one.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private TimeSpan Now() => _time.GetElapsedTime(0);

    /// <summary>Stops deciding, resigns, so that another monitor leads at once, and waits for the end of whatever is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        await _running;
        _nodes.Dispose();
        _metrics.Dispose();
        _stop.Dispose();
    }
}
