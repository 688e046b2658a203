using System.Collections.Concurrent;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Gating;

namespace BucketProxy.Gateway.Tests.Gating;

/// <summary>A server behind a gate, as a test says: its runs, its answers, and what is in flight to it.</summary>
internal sealed class FakeServer(CurrentTable table, TimeProvider time) : IServerLauncher, IServerCalls, IGateTraffic
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _silences = new();
    private int _runs;

    public ConcurrentQueue<string> Story { get; } = new();

    public FakeRun? Run { get; private set; }

    /// <summary>Whether it saves and ends when it is asked to.</summary>
    public bool Obeys { get; set; } = true;

    public bool Answers { get; set; } = true;

    public string? ReleaseFailure { get; set; }

    /// <summary>Requests to the run are under way until this is set.</summary>
    public bool IsBusy { get; set; }

    public Task<IServerRun> StartAsync(TimeSpan untilKilled, CancellationToken cancellationToken)
    {
        if (Run is { Ended.IsCompleted: false })
            throw new InvalidOperationException("Two runs at once.");
        Run = new FakeRun(this, $"run{Interlocked.Increment(ref _runs)}", time);
        Run.Extend(untilKilled);
        Story.Enqueue("start " + Run.Incarnation);
        return Task.FromResult<IServerRun>(Run);
    }

    public Task<bool> PingAsync(CancellationToken cancellationToken) => Task.FromResult(Answers);

    public Task<string?> ReleaseAsync(Bucket bucket, BasePrefix? pin, long epoch, CancellationToken cancellationToken)
    {
        Assert.NotEqual(EntryState.Open, table.Table[bucket].State);
        Story.Enqueue($"release {bucket} {epoch}");
        return Task.FromResult(ReleaseFailure);
    }

    public Task WhenSilentAsync(string incarnation, CancellationToken cancellationToken)
    {
        Assert.DoesNotContain(table.Table.Buckets, e => e.State == EntryState.Open && e.Owner!.Incarnation == incarnation);
        var silence = _silences.GetOrAdd(incarnation, _ => new TaskCompletionSource());
        if (!IsBusy)
            silence.TrySetResult();
        return silence.Task.WaitAsync(cancellationToken);
    }

    public void Retire(string incarnation) => Story.Enqueue("retire " + incarnation);
}

internal sealed class FakeRun(FakeServer server, string incarnation, TimeProvider time) : IServerRun
{
    private readonly TaskCompletionSource<ServerEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _began = time.GetTimestamp();

    public string Incarnation => incarnation;

    public Task<ServerEnd> Ended => _ended.Task;

    /// <summary>When it is killed, on the clock that began with it.</summary>
    public TimeSpan KilledAt { get; private set; }

    public bool IsOverdue => time.GetElapsedTime(_began) > KilledAt;

    public void Extend(TimeSpan untilKilled) => KilledAt = time.GetElapsedTime(_began) + untilKilled;

    public void SignalStop()
    {
        server.Story.Enqueue("stop " + incarnation);
        if (server.Obeys)
            _ended.TrySetResult(new ServerEnd(true, "asked to"));
    }

    public void Kill()
    {
        server.Story.Enqueue("kill " + incarnation);
        Die();
    }

    public void Die() => _ended.TrySetResult(new ServerEnd(false, "killed"));

    public ValueTask DisposeAsync()
    {
        Die();
        return ValueTask.CompletedTask;
    }
}
