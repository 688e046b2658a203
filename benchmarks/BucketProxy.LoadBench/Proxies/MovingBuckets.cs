using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using BucketProxy.LoadBench.Measuring;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>Planned moves: one of the nodes is drained while the load runs, and gets its buckets back afterwards.</summary>
internal sealed class MovingBuckets(int adminPort, string node) : IDisturbance
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly HttpClient Client = new() { Timeout = Limit };
    private readonly Uri _admin = new($"http://127.0.0.1:{adminPort}");
    private int _before;

    public async Task BeginAsync()
    {
        _before = await BucketsAsync();
        await OrderAsync($"/api/nodes/{node}/drain");
    }

    public async Task EndAsync(Sample sample)
    {
        sample[Metric.Moves] = _before - await BucketsAsync();
        await UntilAsync(buckets => buckets == 0);
        await OrderAsync($"/api/nodes/{node}/uncordon");
        await OrderAsync("/rebalance/");
        await UntilAsync(buckets => buckets >= _before);
    }

    private async Task UntilAsync(Func<int, bool> enough)
    {
        var since = Stopwatch.GetTimestamp();
        while (!enough(await BucketsAsync()))
        {
            if (Stopwatch.GetElapsedTime(since) > Limit)
                throw new InvalidOperationException($"The moves do not end; {node} owns {await BucketsAsync()} buckets.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }

    private async Task<int> BucketsAsync()
    {
        var nodes = await Client.GetFromJsonAsync<JsonNode>(new Uri(_admin, "/api/nodes"));
        var all = nodes as JsonArray ?? nodes?["nodes"]?.AsArray() ?? throw new InvalidOperationException("/api/nodes holds no nodes.");
        return all.First(n => (string?)n?["id"] == node)!["buckets"]!.GetValue<int>();
    }

    private async Task OrderAsync(string path)
    {
        using var answer = await Client.PostAsync(new Uri(_admin, path), null);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }
}
