using System.Globalization;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Gating;

/// <summary>
/// The server behind the gate: its present run, and what is asked of it. What comes back is told as events, from any thread. Calls are the
/// agent's loop's alone.
/// </summary>
/// <param name="launcher">Starts runs; null: the server is not supervised.</param>
/// <param name="calls">What is asked of it over HTTP.</param>
/// <param name="options">How the gate takes part.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
/// <param name="tell">Is told what happened.</param>
/// <param name="changed">Called when <see cref="IsGone"/> has changed.</param>
internal sealed class GateServer(
    IServerLauncher? launcher, IServerCalls calls, GateAgentOptions options, TimeProvider time, ILogger logger, Action<GateEvent> tell,
    Action changed) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan PingPause = TimeSpan.FromSeconds(2);

    /// <summary>As long as a registration outlives a server of its own; from then on one that is not supervised counts as gone.</summary>
    private static readonly TimeSpan GoneAfter = TimeSpan.FromSeconds(90);

    private readonly CancellationTokenSource _over = new();
    private IServerRun? _run;
    private Task _start = Task.CompletedTask;
    private Task _ping = Task.CompletedTask;
    private bool _answers;
    private bool _isGone;
    private long _started;
    private long _saved;
    private long _lost;

    /// <summary>Its runs so far.</summary>
    public RunCount Runs => new(Interlocked.Read(ref _started), Interlocked.Read(ref _saved), Interlocked.Read(ref _lost));

    /// <summary>When the present run was started, as the registration says it: another one for each run.</summary>
    public string? StartTime { get; private set; }

    /// <summary>Whether the present run answered its last <c>/ping/</c>.</summary>
    public bool Answers => Volatile.Read(ref _answers);

    /// <summary>A server that is not supervised has not answered for so long that its registration must go.</summary>
    public bool IsGone => Volatile.Read(ref _isGone);

    /// <summary>Starts a run, and asks it as long as it lives.</summary>
    /// <param name="killedAt">Until when it may live as things stand; null: there is no lease any more.</param>
    /// <param name="stop">The gate stops.</param>
    public void Start(Func<long?> killedAt, CancellationToken stop) => _start = StartAsync(killedAt, stop);

    /// <summary>Asks a server that is not supervised, for ever.</summary>
    public void Watch(string run)
    {
        if (_ping.IsCompleted)
            _ping = PingAsync(run);
    }

    /// <summary>Moves the time at which the present run is killed.</summary>
    public void ExtendUntil(long killedAt) => Volatile.Read(ref _run)?.ExtendUntil(killedAt);

    public void SignalStop(string why)
    {
        Log.ServerStopping(logger, options.NodeId, why);
        Volatile.Read(ref _run)?.SignalStop();
    }

    public void Kill()
    {
        if (Volatile.Read(ref _run) is not { Ended.IsCompleted: false } run)
            return;
        Log.ServerKilled(logger, options.NodeId);
        run.Kill();
    }

    /// <summary>Has it release a bucket.</summary>
    public void Release(ReleaseWish wish, CancellationToken stop) => _ = ReleaseAsync(wish, stop);

    private async Task ReleaseAsync(ReleaseWish wish, CancellationToken stop)
    {
        try
        {
            var failure = await calls.ReleaseAsync(wish.Bucket, wish.Pin, wish.Epoch, stop).ConfigureAwait(false);
            if (failure is not null)
                Log.NotReleased(logger, options.NodeId, wish.Bucket.ToString(), failure);
            tell(new BucketReleased(wish.Bucket.ToString(), wish.Move, failure));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task StartAsync(Func<long?> killedAt, CancellationToken stop)
    {
        try
        {
            if (killedAt() is not { } end || end <= time.GetTimestamp())
                throw new IOException("the lease ended before it was started");
            var run = await launcher!.StartAsync(end, stop).ConfigureAwait(false);
            StartTime = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);
            Volatile.Write(ref _run, run);
            Interlocked.Increment(ref _started);
            Log.ServerStarted(logger, options.NodeId, run.Incarnation);
            tell(new ServerStarted(run.Incarnation, null));
            _ = EndAsync(run);
            _ping = PingAsync(run.Incarnation, run.Ended);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException || (e is OperationCanceledException && stop.IsCancellationRequested))
        {
            Log.ServerNotStarted(logger, options.NodeId, e.Message);
            tell(new ServerStarted(null, e.Message));
        }
    }

    private async Task EndAsync(IServerRun run)
    {
        var end = await run.Ended.ConfigureAwait(false);
        Interlocked.Increment(ref end.HasSaved ? ref _saved : ref _lost);
        if (end.HasSaved)
            Log.ServerSaved(logger, options.NodeId, run.Incarnation);
        else
            Log.ServerGone(logger, options.NodeId, run.Incarnation, end.Reason);
        tell(new ServerEnded(run.Incarnation, end.HasSaved));
        await run.DisposeAsync().ConfigureAwait(false);
    }

    private async Task PingAsync(string run, Task? ended = null)
    {
        var hasAnswered = false;
        var silentSince = time.GetTimestamp();
        try
        {
            while (ended is not { IsCompleted: true })
            {
                var answers = await calls.PingAsync(_over.Token).ConfigureAwait(false);
                Volatile.Write(ref _answers, answers);
                if (answers)
                    silentSince = time.GetTimestamp();
                if (answers && !hasAnswered)
                {
                    hasAnswered = true;
                    Log.ServerAnswers(logger, options.NodeId, run);
                    tell(new ServerAnswered(run));
                }
                var isGone = !options.Supervised && time.GetElapsedTime(silentSince) >= GoneAfter;
                if (isGone != _isGone)
                {
                    Volatile.Write(ref _isGone, isGone);
                    changed();
                }
                await Task.Delay(hasAnswered ? PingPause : FirstPause, time, _over.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // Stopping.
        }
        Volatile.Write(ref _answers, false);
    }

    /// <summary>Has the present run save and end, and ends it when its time is over.</summary>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync().ConfigureAwait(false);
        await _start.ConfigureAwait(false);
        await _ping.ConfigureAwait(false);
        if (Volatile.Read(ref _run) is { } run)
        {
            run.SignalStop();
            using var limit = time.CreateTimer(static r => ((IServerRun)r!).Kill(), run, options.SaveTime, Timeout.InfiniteTimeSpan);
            await run.Ended.ConfigureAwait(false);
            await run.DisposeAsync().ConfigureAwait(false);
        }
        _over.Dispose();
    }
}
