using BucketProxy.SystemTest.Cluster;

namespace BucketProxy.SystemTest.Load;

/// <summary>
/// What a load balancer does in front of several proxies: asks each whether it is ready, again and again, and turns new requests away from one that is not.
/// </summary>
internal sealed class ReadinessWatch : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(1) };

    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyList<IEntrance> _proxies;
    private readonly Task _all;

    /// <param name="proxies">Whom it asks.</param>
    /// <param name="limit">How long a request waits for a proxy that takes it; null: 30 s.</param>
    public ReadinessWatch(IReadOnlyList<IEntrance> proxies, TimeSpan? limit = null)
    {
        _proxies = proxies;
        // Until it has said that it is ready. One that is slow to start would hold what it gets, and answer 503 if it is stopped by then.
        foreach (var proxy in proxies)
            proxy.IsAway = true;
        Limit = limit ?? TimeSpan.FromSeconds(30);
        _all = Task.WhenAll(proxies.Select(WatchAsync));
    }

    /// <summary>How long a request waits for a proxy that takes it.</summary>
    public TimeSpan Limit { get; }

    /// <summary>Those that take new requests. Where none says so it waits: a proxy that said that it goes away gets nothing new.</summary>
    /// <exception cref="TimeoutException">None says so for a long time.</exception>
    public async Task<IReadOnlyList<IEntrance>> ReadyAsync()
    {
        List<IEntrance> ready = [];
        await Operator.UntilAsync("a proxy is ready", Limit, () =>
        {
            ready = [.. _proxies.Where(proxy => !proxy.IsAway)];
            return Task.FromResult(ready.Count > 0);
        });
        return ready;
    }

    /// <summary>Whether a proxy says that it is ready.</summary>
    public static Task<bool> IsReadyAsync(IEntrance proxy) => proxy.IsReadyAsync(Http);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _all;
        _stop.Dispose();
    }

    private async Task WatchAsync(IEntrance proxy)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                proxy.IsAway = !await IsReadyAsync(proxy);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                proxy.IsAway = true;
            }
            await Task.Delay(Every, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
