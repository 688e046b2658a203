using System.Collections.Concurrent;
using System.Diagnostics;
using BucketProxy.SystemTest.Cluster;
using BucketProxy.SystemTest.Load;

namespace BucketProxy.SystemTest.TwoServers;

/// <summary>
/// One user for each base: appends a row, reads the base, and looks whether every row is there that it was ever promised. So no base waits for another, and a server
/// that answers from an old copy is seen at once.
/// </summary>
internal sealed class Users : IAsyncDisposable
{
    private static readonly TimeSpan RoundLimit = TimeSpan.FromSeconds(180);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<(long At, TimeSpan Took)> _answers = new();
    private readonly ConcurrentQueue<string> _stale = new();
    private readonly int[] _appended;
    private readonly RowClient _client;
    private readonly Task _all;

    public Users(IReadOnlyList<string> bases, ReadinessWatch entrances, int rate, int seed, Outcomes outcomes)
    {
        _client = new RowClient(entrances, outcomes);
        _appended = new int[bases.Count];
        var every = TimeSpan.FromSeconds((double)bases.Count / rate);
        _all = Task.WhenAll(bases.Select((uuid, user) => WorkAsync(uuid, user, every, new Random((seed * 1000) + user))));
    }

    /// <summary>Reads that lacked rows which had been promised.</summary>
    public IReadOnlyList<string> Stale => [.. _stale];

    /// <summary>Waits until every base has got a row that was sent from now on.</summary>
    public Task RoundAsync()
    {
        var before = _appended.ToArray();
        // The first that comes may have been under way.
        return Operator.UntilAsync("every base has got a row", RoundLimit, () =>
            Task.FromResult(Enumerable.Range(0, before.Length).All(user => Volatile.Read(ref _appended[user]) >= before[user] + 2)));
    }

    /// <summary>The longest that an append or read took which ended since then.</summary>
    public TimeSpan LongestSince(long since) => _answers.Where(answer => answer.At >= since).Select(answer => answer.Took).DefaultIfEmpty().Max();

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

    private async Task WorkAsync(string uuid, int user, TimeSpan every, Random random)
    {
        var promised = new List<string>();
        // Not all at once.
        await Task.Delay(every * random.NextDouble(), TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var timer = new PeriodicTimer(every, TimeProvider.System);
        try
        {
            for (var number = 0; await timer.WaitForNextTickAsync(_stop.Token); number++)
            {
                var name = $"u{user}-{number}";
                if (await TimedAsync(() => _client.AppendAsync(uuid, name, user)))
                {
                    promised.Add(name);
                    Interlocked.Increment(ref _appended[user]);
                }
                if (await TimedAsync(() => _client.ReadAsync(uuid, user)) is { } rows && promised.Count(row => !rows.Contains(row)) is > 0 and var missing)
                    _stale.Enqueue($"{uuid}: {missing} of {promised.Count} rows are not there");
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task<T> TimedAsync<T>(Func<Task<T>> requestAsync)
    {
        var since = Stopwatch.GetTimestamp();
        var answer = await requestAsync();
        // What failed is counted elsewhere; how long it took to fail says nothing of a wait.
        if (answer is not (null or false))
            _answers.Enqueue((Stopwatch.GetTimestamp(), Stopwatch.GetElapsedTime(since)));
        return answer;
    }
}
