using System.Collections.Concurrent;
using System.Diagnostics;

namespace BucketProxy.SystemTest.Load;

/// <summary>
/// Appends rows at a rate that does not give way: a request is sent when its time has come, whether those before are answered or held. So what is
/// held does not make the load less.
/// </summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<(TimeSpan Sent, TimeSpan Took)> _answers = new();
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly RowClient _client;
    private readonly Task _all;
    private int _sent;

    public SteadyLoad(IReadOnlyList<string> bases, ReadinessWatch proxies, int rate, int seed, Outcomes outcomes)
    {
        _client = new RowClient(proxies, outcomes);
        _all = SendAsync(bases, rate, new Random(seed));
    }

    /// <summary>Since when it runs.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_began);

    /// <summary>Requests sent so far.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>How long the requests took, answered or failed, that were sent between two times.</summary>
    public IReadOnlyList<TimeSpan> Between(TimeSpan from, TimeSpan until) => [.. _answers.Where(a => a.Sent >= from && a.Sent < until).Select(a => a.Took)];

    /// <summary>Sends nothing new, and waits for what was sent.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _all;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
        _client.Dispose();
    }

    private async Task SendAsync(IReadOnlyList<string> bases, int rate, Random random)
    {
        using var timer = new PeriodicTimer(Tick, TimeProvider.System);
        var running = new List<Task>();
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                running.RemoveAll(task => task.IsCompletedSuccessfully);
                while (_sent < Elapsed.TotalSeconds * rate)
                    running.Add(AppendAsync(bases[random.Next(bases.Count)], $"r{Interlocked.Increment(ref _sent)}", random.Next()));
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Told to stop.
        }
        await Task.WhenAll(running);
    }

    private async Task AppendAsync(string uuid, string name, int firstProxy)
    {
        var sent = Elapsed;
        await _client.AppendAsync(uuid, name, firstProxy);
        _answers.Enqueue((sent, Elapsed - sent));
    }
}
