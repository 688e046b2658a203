using System.Collections.Concurrent;
using System.Collections.Immutable;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Participation;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Gating;

/// <summary>
/// Has <see cref="GateParticipant"/> decide and carries it out: says what may go to the server, starts and ends its runs, and has
/// <see cref="GateRegistration"/> write what the cluster is to know.
/// </summary>
/// <remarks>
/// One loop decides; it never waits for the store or the server, so that a closed gate or a killed server is never late because something
/// else is. At most one write to the store, one start and one <c>/ping/</c> are under way at a time; what comes back of them wakes the loop.
/// </remarks>
public sealed class GateAgent : IAsyncDisposable
{
    private readonly IViewSource _views;
    private readonly ProxyAgent _proxy;
    private readonly OwnServerSeat _seat;
    private readonly IGateTraffic _traffic;
    private readonly GateAgentOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<GateAgent> _logger;
    private readonly Signal _signal = new();
    private readonly GateRegistration _registration;
    private readonly GateServer _server;
    private readonly WriteSlot<ImmutableArray<GateEvent>> _writes;
    private readonly RunSilence _silence;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<GateEvent> _events = new();
    private readonly long _began;

    private GateState _state = new();
    private int _hasRefused;
    private Task? _loop;

    /// <summary>Makes the agent; <see cref="Start"/> sets it going.</summary>
    /// <param name="store">The store.</param>
    /// <param name="keys">How keys are spelled.</param>
    /// <param name="views">The mirror.</param>
    /// <param name="proxy">The gate's part as a proxy, which publishes its table.</param>
    /// <param name="seat">Where that table learns of the server.</param>
    /// <param name="traffic">The data plane.</param>
    /// <param name="calls">What is asked of the server.</param>
    /// <param name="launcher">Starts the server; null exactly where it is not supervised.</param>
    /// <param name="options">How to take part.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public GateAgent(
        IClusterStore store,
        KeySchema keys,
        IViewSource views,
        ProxyAgent proxy,
        OwnServerSeat seat,
        IGateTraffic traffic,
        IServerCalls calls,
        IServerLauncher? launcher,
        GateAgentOptions options,
        TimeProvider time,
        ILogger<GateAgent> logger)
    {
        options.Validate();
        if (options.Supervised != launcher is not null)
            throw new ArgumentException("A launcher is needed exactly where the server is supervised.", nameof(launcher));
        _views = views;
        _proxy = proxy;
        _seat = seat;
        _traffic = traffic;
        _options = options;
        _time = time;
        _logger = logger;
        _began = time.GetTimestamp();
        _registration = new GateRegistration(store, keys, options, time, logger, _signal.Set);
        _server = new GateServer(launcher, calls, options, time, logger, Tell, _signal.Set);
        _writes = new WriteSlot<ImmutableArray<GateEvent>>("gate of " + options.NodeId, time, logger, _signal.Set, _stop.Token);
        _silence = new RunSilence(traffic, _signal.Set);
        _seat.InForceChanged += _signal.Set;
        _proxy.Decided += _signal.Set;
    }

    /// <summary>What the gate is to the cluster right now.</summary>
    public GateState State => Volatile.Read(ref _state);

    /// <summary>Why what it last wrote to the store was not written; null: it was.</summary>
    public string? Trouble => _writes.Trouble;

    /// <summary>Whether requests go to the server right now.</summary>
    public bool IsOpen => _seat.InForce is { Admits: true } && LeaseIsSafe;

    /// <summary>
    /// G1: whether the lease lives for certain for long enough that a server asked to save now would be dead before it ends. Cheap: asked for
    /// every request. After it said no, a table is published once it may say yes again: who waits looks again.
    /// </summary>
    public bool LeaseIsValid
    {
        get
        {
            if (LeaseIsSafe)
                return true;
            Interlocked.Exchange(ref _hasRefused, 1);
            return false;
        }
    }

    private bool LeaseIsSafe => _registration.Lease is { } lease && lease.Remaining > _options.StopMargin;

    /// <summary>Whether the server answered when it was last asked.</summary>
    public bool ServerAnswers => _server.Answers;

    /// <summary>The server's runs so far; none where somebody else runs it.</summary>
    public RunCount Runs => _server.Runs;

    /// <summary>For how long the lease lives for certain; null: there is none.</summary>
    public TimeSpan? LeaseRemaining => _registration.Lease?.Remaining;

    // G4: by an absolute time, from the sending of the last acknowledged renewal.
    private long? KilledAt => _registration.Lease?.EndsAt - (long)(_options.Margin.TotalSeconds * _time.TimestampFrequency);

    private TimeSpan Now => _time.GetElapsedTime(_began);

    /// <summary>Sets it going.</summary>
    public void Start() => _loop = LoopAsync();

    private void Tell(GateEvent e)
    {
        _events.Enqueue(e);
        _signal.Set();
    }

    private async Task LoopAsync()
    {
        try
        {
            while (true)
            {
                _signal.Reset();
                var view = _views.Current;
                if (await _writes.TakeOutcomeAsync().ConfigureAwait(false) is { } outcome)
                {
                    foreach (var e in outcome([]))
                        _events.Enqueue(e);
                }
                await WaitAsync(view, Step(view)).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    // One decision. Returns when to decide again if nothing happens before.
    private TimeSpan? Step(ClusterView? view)
    {
        var events = ImmutableArray.CreateBuilder<GateEvent>();
        while (_events.TryDequeue(out var e))
            events.Add(e);
        var before = _state;
        var inForce = _seat.InForce;
        var decision = GateParticipant.Decide(new GateInput
        {
            State = before,
            Events = events.ToImmutable(),
            Options = _options,
            Now = Now,
            View = view,
            LeaseRemaining = LeaseRemaining,
            ServerIsGone = _server.IsGone,
            IsServing = _proxy.Phase == ProxyPhase.Serving,
            Silent = _proxy.Silent.ToImmutableSortedDictionary(StringComparer.Ordinal),
            RunIsSilent = before.Run is { } run && inForce is { Admits: false } && _silence.IsSilent(run),
            Busy = _proxy.Busy.ToImmutableSortedDictionary(StringComparer.Ordinal),
        });
        Volatile.Write(ref _state, decision.State);

        // :: Closed first: what is decided below rests on it.
        var next = new OwnServer(_options.NodeId, _options.Server, decision.State.Run, decision.IsOpen);
        if (next != _seat.Wanted)
        {
            if (next.IsOpen)
                Log.GateOpen(_logger, _options.NodeId, next.Incarnation!);
            else if (_seat.Wanted.IsOpen)
                Log.GateShut(_logger, _options.NodeId, decision.State.Step);
            _seat.Want(next);
        }
        // G1: the lease was renewed in the last moment, and nothing else has changed.
        if (decision.IsOpen && LeaseIsSafe && Interlocked.Exchange(ref _hasRefused, 0) != 0)
            _seat.Renew();
        _silence.Follow(decision.State is { Step: ServerStep.Draining, Run: { } draining } && _seat.InForce is { Admits: false } ? draining : null);

        // :: G2, G4: the server.
        if (before.Run is { } gone && decision.State.Run != gone)
            _traffic.Retire(gone);
        if (KilledAt is { } end)
            _server.ExtendUntil(end);
        if (decision.Kill)
            _server.Kill();
        if (decision.Stop)
            _server.SignalStop(decision.State.RestartedAt is not null ? "its buckets leave" : "it did not answer, or the lease is about to end");
        if (!_options.Supervised && decision.State.Run is { } watched)
            _server.Watch(watched);
        if (decision.Start)
            _server.Start(() => KilledAt, _stop.Token);
        foreach (var wish in decision.Release)
            _server.Release(wish, _stop.Token);

        // :: The store.
        if (_writes.IsFree)
        {
            if (decision.Leave)
                _writes.Start(async over => Add(await LeftAsync(over).ConfigureAwait(false)));
            else if (decision.Register)
                _writes.Start(async over => Add(await _registration.RegisterAsync(over).ConfigureAwait(false)));
            else if (decision.Write is { } record)
                _writes.Start(async over => Add(await _registration.WriteAsync(record, decision.Publishes, _server.StartTime, over).ConfigureAwait(false)));
        }
        return Earliest(decision.WakeAt is { } at ? at - Now : null, _writes.UntilRetry);
    }

    private async Task<GateEvent> LeftAsync(CancellationToken cancellationToken)
    {
        await _registration.LeaveAsync(cancellationToken).ConfigureAwait(false);
        Log.ServerAway(_logger, _options.NodeId);
        return new GateLeft();
    }

    private static Func<ImmutableArray<GateEvent>, ImmutableArray<GateEvent>> Add(GateEvent e) => events => events.Add(e);

    private async Task WaitAsync(ClusterView? seen, TimeSpan? wake)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var delay = wake is not { } time ? Timeout.InfiniteTimeSpan
            : time < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : time;
        await Task.WhenAny(_signal.Task, _views.ChangedSinceAsync(seen, over.Token), Task.Delay(delay, _time, over.Token)).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        _stop.Token.ThrowIfCancellationRequested();
    }

    private static TimeSpan? Earliest(TimeSpan? one, TimeSpan? other) => one is null ? other : other is null || one < other ? one : other;

    /// <summary>
    /// Ends the server, which gets its time to save, and takes the keys out of the store. A server that is not the gate's lives on, so its keys stay as long
    /// as the lease. Call when nothing is in flight any more, and before the gate's part as a proxy ends.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync().ConfigureAwait(false);
        if (_loop is not null)
            await _loop.ConfigureAwait(false);
        if (_writes.Write is { } write)
            await ((Task)write).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _seat.Want(_seat.Wanted with { IsOpen = false });
        await _server.DisposeAsync().ConfigureAwait(false);
        if (_state.CreatedAt > 0 && _options.Supervised)
            await LeaveAsync().ConfigureAwait(false);
        else if (_state.CreatedAt > 0)
        {
            await _registration.AbandonAsync().ConfigureAwait(false);
            Log.KeysStay(_logger, _options.NodeId, _options.LeaseTimeToLive);
        }
        await _registration.DisposeAsync().ConfigureAwait(false);
        _silence.Dispose();
        _seat.InForceChanged -= _signal.Set;
        _proxy.Decided -= _signal.Set;
        _stop.Dispose();
    }

    private async Task LeaveAsync()
    {
        using var deadline = new CancellationTokenSource(WriteSlot<ImmutableArray<GateEvent>>.Deadline, _time);
        try
        {
            await _registration.LeaveAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StoreException or OperationCanceledException)
        {
            Log.CouldNotLeave(_logger, e, _options.NodeId);
        }
    }
}
