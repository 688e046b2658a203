using System.Collections.Immutable;
using System.Threading.Channels;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Telemetry;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace BucketProxy.Monitor.Executing;

/// <summary>
/// Carries out what the reconciler decides, each action on its own, and says how each ended. For one term of leading: once
/// it is disposed of, nothing is under way any more.
/// </summary>
internal sealed class ActionRunner : IAsyncDisposable
{
    private readonly IClusterStore _store;
    private readonly KeySchema _keys;
    private readonly NodeCalls _nodes;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly MonitorMetrics _metrics;
    private readonly CancellationTokenSource _end;
    private readonly SemaphoreSlim _writes = new(16);
    private readonly Channel<MonitorEvent> _events = Channel.CreateUnbounded<MonitorEvent>(new() { SingleReader = true });
    private readonly HashSet<Task> _running = [];
    private readonly Lock _lock = new();
    private readonly ResiliencePipeline _again;
    private readonly ResiliencePipeline _read;

    public ActionRunner(
        IClusterStore store, KeySchema keys, NodeCalls nodes, TimeProvider time, ILogger logger, MonitorMetrics metrics,
        CancellationToken cancellationToken)
    {
        _store = store;
        _keys = keys;
        _nodes = nodes;
        _time = time;
        _logger = logger;
        _metrics = metrics;
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _again = Retry(e => e is { OutcomeUnknown: false }, 3);
        _read = Retry(_ => true, int.MaxValue);
    }

    private ResiliencePipeline Retry(Func<StoreUnavailableException, bool> when, int attempts) =>
        new ResiliencePipelineBuilder { TimeProvider = _time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<StoreUnavailableException>(when),
                MaxRetryAttempts = attempts,
                Delay = TimeSpan.FromMilliseconds(100),
                MaxDelay = TimeSpan.FromSeconds(2),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .Build();

    /// <summary>Completes when there is an event to take.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _events.Reader.WaitToReadAsync(cancellationToken).AsTask();

    /// <summary>What has come back so far.</summary>
    public ImmutableArray<MonitorEvent> Take()
    {
        var events = ImmutableArray.CreateBuilder<MonitorEvent>();
        while (_events.Reader.TryRead(out var e))
            events.Add(e);
        return events.ToImmutable();
    }

    public void Start(MonitorAction action)
    {
        var task = RunAsync(action);
        if (task.IsCompleted)
            return;
        lock (_lock)
            _running.Add(task);
        _ = ForgetAsync(task);
    }

    private async Task ForgetAsync(Task task)
    {
        await task;
        lock (_lock)
            _running.Remove(task);
    }

    private async Task RunAsync(MonitorAction action)
    {
        try
        {
            _events.Writer.TryWrite(await (action switch
            {
                WriteAction write => WriteAsync(write),
                ListProxiesAction => ListAsync(),
                PingAction ping => PingAsync(ping),
                CallReleaseAction call => ReleaseAsync(call),
                RunRestartAction restart => RestartAsync(restart),
                _ => throw new InvalidOperationException($"Nobody knows how to do {action}."),
            }));
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // The term is over: nobody waits for the end of it.
        }
    }

    private async Task<MonitorEvent> WriteAsync(WriteAction write)
    {
        await _writes.WaitAsync(_end.Token);
        try
        {
            var result = await _again.ExecuteAsync(
                async cancel => await _store.CommitAsync(write.Transaction, cancel), _end.Token);
            if (write.Subject == ReportKeeping.Subject)
                Log.Reported(_logger, result.Succeeded);
            else if (result.Succeeded)
                Log.Written(_logger, write.Why);
            else
                Log.Overtaken(_logger, write.Why);
            if (result.Succeeded && write.Ends is { } move)
                _metrics.Ended(move);
            return new WriteEnded(write.Subject, result.Revision, result.Succeeded);
        }
        catch (StoreUnavailableException e)
        {
            // It may have been applied. Nothing more is decided about it before the store has been heard again; and since
            // every write compares what it rests on, doing it once more can do no harm.
            Log.Unconfirmed(_logger, write.Why, e.Message);
            await _read.ExecuteAsync(async cancel => await _store.ReadAsync([_keys.Leader], ReadConsistency.Linearizable, cancel), _end.Token);
            return new WriteEnded(write.Subject, 0, false);
        }
        catch (StoreRejectedException e)
        {
            Log.Rejected(_logger, write.Why, e.Message);
            return new WriteEnded(write.Subject, 0, false);
        }
        finally
        {
            _writes.Release();
        }
    }

    private async Task<MonitorEvent> ListAsync()
    {
        try
        {
            var list = await _read.ExecuteAsync(
                async cancel => await _store.ReadAsync([_keys.Proxies], ReadConsistency.Linearizable, cancel), _end.Token);
            return new ProxiesListed(list.Revision,
                [.. list.Entries.Select(e => e.Key[_keys.Proxies.Length..])]);
        }
        catch (StoreRejectedException e)
        {
            Log.Rejected(_logger, "list of proxies", e.Message);
            return new ProxiesListed(0, []);
        }
    }

    private async Task<MonitorEvent> PingAsync(PingAction ping) =>
        new PingEnded(ping.Node, await _nodes.PingAsync(ping.LocalUrl, _end.Token));

    private async Task<MonitorEvent> ReleaseAsync(CallReleaseAction call)
    {
        var failure = await _nodes.ReleaseAsync(call.LocalUrl, call.Bucket, call.Pin, call.Epoch, call.Timeout, _end.Token);
        if (failure is null)
            Log.Released(_logger, call.Node, call.Bucket.ToString(), call.Epoch);
        else
            Log.NotReleased(_logger, call.Node, call.Bucket.ToString(), failure);
        return new ReleaseEnded(call.Bucket, call.Move, failure);
    }

    private async Task<MonitorEvent> RestartAsync(RunRestartAction restart)
    {
        var failure = await RestartCommand.RunAsync(restart, _time, _end.Token);
        if (failure is null)
            Log.Restarted(_logger, restart.Node);
        else
            Log.NotRestarted(_logger, restart.Node, failure);
        return new RestartEnded(restart.Node, failure);
    }

    /// <summary>Cancels whatever is under way and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        Task[] running;
        lock (_lock)
            running = [.. _running];
        await Task.WhenAll(running);
        _end.Dispose();
        _writes.Dispose();
    }
}
