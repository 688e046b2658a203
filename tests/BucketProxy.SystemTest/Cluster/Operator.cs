using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace BucketProxy.SystemTest.Cluster;

/// <summary>What an operator does and sees through the admin port of whatever monitor answers.</summary>
internal sealed class Operator(IReadOnlyList<ServeProcess> monitors) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    public Task<JsonNode> PostAsync(string path) => SendAsync(HttpMethod.Post, path, null);

    public Task<JsonNode> PutAsync(string path, JsonObject body) => SendAsync(HttpMethod.Put, path, body);

    public Task<JsonNode> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    public Task<JsonNode> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    /// <summary>The name of the leading monitor, or null.</summary>
    public async Task<ServeProcess?> LeaderAsync()
    {
        var instance = (string?)(await GetAsync("/api/status"))["leader"]?["instance"];
        return monitors.FirstOrDefault(monitor => instance?.StartsWith(monitor.Name + "-", StringComparison.Ordinal) == true);
    }

    /// <summary>Waits until every bucket has an owner, the given number of nodes owns some, and nothing moves.</summary>
    public Task UntilSettledAsync(int owners, TimeSpan limit) => UntilAsync($"{owners} nodes own all buckets and nothing moves", limit, async () =>
    {
        var buckets = (await GetAsync("/api/buckets")).AsArray();
        return buckets.All(bucket => (string?)bucket!["state"] == "open") && buckets.Select(bucket => (string?)bucket!["node"]).Distinct().Count() == owners;
    });

    /// <summary>Waits until it is so; a monitor that does not answer is no reason to stop.</summary>
    /// <exception cref="TimeoutException">It is not.</exception>
    public static async Task UntilAsync(string what, TimeSpan limit, Func<Task<bool>> condition)
    {
        var since = Stopwatch.GetTimestamp();
        Exception? last = null;
        while (Stopwatch.GetElapsedTime(since) < limit)
        {
            try
            {
                if (await condition())
                    return;
                last = null;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                last = e;
            }
            await Task.Delay(Pause, TimeProvider.System);
        }
        throw new TimeoutException($"not within {limit.TotalSeconds} s: {what}{(last is null ? "" : $" ({last.Message})")}");
    }

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, JsonObject? body)
    {
        HttpRequestException? last = null;
        foreach (var monitor in monitors.Where(monitor => !monitor.IsAway))
        {
            try
            {
                using var request = new HttpRequestMessage(method, new Uri(monitor.Admin, path)) { Content = body is null ? null : JsonContent.Create(body) };
                using var answer = await _http.SendAsync(request);
                var text = await answer.Content.ReadAsStringAsync();
                if (!answer.IsSuccessStatusCode)
                    throw new HttpRequestException($"{method} {path}: {(int)answer.StatusCode} {text}");
                return JsonNode.Parse(text)!;
            }
            catch (HttpRequestException e)
            {
                last = e;
            }
        }
        throw last ?? new HttpRequestException($"{method} {path}: no monitor is there.");
    }
}
