namespace BucketProxy.LoadBench.Proxies;

/// <summary>What BucketProxy tells of itself at <c>/metrics</c>.</summary>
internal static class OwnFigures
{
    private const string Timed = "http_server_request_duration_seconds_count";
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>How many requests it has put into its histogram of times; 0 when its figures are off.</summary>
    public static async Task<long> TimedRequestsAsync(int admin)
    {
        using var answer = await Client.GetAsync(new Uri($"http://127.0.0.1:{admin}/metrics"));
        // Without figures the port has no such page.
        return answer.IsSuccessStatusCode ? (long)Prometheus.Sum(await answer.Content.ReadAsStringAsync(), Timed) : 0;
    }
}
