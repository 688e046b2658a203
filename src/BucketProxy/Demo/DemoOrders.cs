using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace BucketProxy.Demo;

/// <summary>Gives orders over the operators' port, as an operator would.</summary>
/// <param name="admin">The operators' port.</param>
/// <param name="token">The admin token; null: none is asked for.</param>
/// <param name="time">The clock of its waits.</param>
internal sealed class DemoOrders(Uri admin, string? token, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http = new()
    {
        BaseAddress = admin,
        Timeout = Patience,
        DefaultRequestHeaders = { Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token) },
    };

    /// <summary>Moves every bucket off a node, and waits until it owns none.</summary>
    /// <exception cref="DemoException">It was refused, or did not come to its end.</exception>
    public async Task DrainAsync(string node, CancellationToken cancellationToken)
    {
        await PostAsync($"/api/nodes/{node}/drain", cancellationToken);
        await UntilAsync(async () => await BucketsOfAsync(node, cancellationToken) == 0, $"{node} still owns buckets", cancellationToken);
    }

    /// <summary>Lets a node have buckets again, and spreads them.</summary>
    /// <exception cref="DemoException">It was refused, or did not come to its end.</exception>
    public async Task BringBackAsync(string node, CancellationToken cancellationToken)
    {
        await PostAsync($"/api/nodes/{node}/uncordon", cancellationToken);
        await UntilAsync(
            async () =>
            {
                // Again until it is there for the leader as well: before that a rebalance gives it nothing.
                await PostAsync("/rebalance/?wait=true", cancellationToken);
                return await BucketsOfAsync(node, cancellationToken) > 0;
            },
            $"{node} got no bucket", cancellationToken);
    }

    private async Task PostAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await _http.PostAsync(new Uri(path, UriKind.Relative), null, cancellationToken);
        if (!answer.IsSuccessStatusCode)
            throw new DemoException($"POST {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellationToken)}");
    }

    private async Task<int> BucketsOfAsync(string node, CancellationToken cancellationToken)
    {
        var buckets = await _http.GetFromJsonAsync<JsonNode>(new Uri("/api/buckets", UriKind.Relative), cancellationToken);
        var list = buckets as JsonArray ?? buckets!["buckets"]!.AsArray();
        return list.Count(b => (string?)b!["node"] == node);
    }

    private async Task UntilAsync(Func<Task<bool>> condition, string otherwise, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        while (!await condition())
        {
            if (time.GetElapsedTime(since) > Patience)
                throw new DemoException($"{otherwise} after {Patience.TotalSeconds} s.");
            await Task.Delay(Look, time, cancellationToken);
        }
    }

    /// <summary>Closes its connections.</summary>
    public void Dispose() => _http.Dispose();
}

/// <summary>The demonstration did not go as it should.</summary>
internal sealed class DemoException(string message) : Exception(message);
