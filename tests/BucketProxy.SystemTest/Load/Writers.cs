namespace BucketProxy.SystemTest.Load;

/// <summary>
/// Appends numbered rows at a bounded rate: each of the workers waits for its answer before it sends the next.
/// </summary>
internal sealed class Writers : IAsyncDisposable
{
    private const int Workers = 20;

    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyList<string> _bases;
    private readonly RowClient _client;
    private readonly Task _all;

    public Writers(IReadOnlyList<string> bases, ReadinessWatch proxies, int rate, int seed, Outcomes outcomes)
    {
        _bases = bases;
        _client = new RowClient(proxies, outcomes);
        _all = Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => WorkAsync(worker, TimeSpan.FromSeconds((double)Workers / rate), seed)));
    }

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

    private async Task WorkAsync(int worker, TimeSpan every, int seed)
    {
        var random = new Random((seed * 1000) + worker);
        using var timer = new PeriodicTimer(every, TimeProvider.System);
        try
        {
            for (var number = 0; await timer.WaitForNextTickAsync(_stop.Token); number++)
                await _client.AppendAsync(_bases[random.Next(_bases.Count)], $"w{worker}-{number}", random.Next());
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Told to stop.
        }
    }
}
