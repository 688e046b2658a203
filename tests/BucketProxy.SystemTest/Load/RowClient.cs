using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using BucketProxy.Emulator.Checking;
using BucketProxy.SystemTest.Cluster;

namespace BucketProxy.SystemTest.Load;

/// <summary>
/// Appends and reads rows as SeaTable's callers do: nothing is sent a second time once it may have been sent. A proxy that is not ready gets
/// nothing new (where none is ready, one is waited for), one that refuses the connection counts as not ready until it says otherwise, as with
/// a load balancer. Thread-safe.
/// </summary>
internal sealed class RowClient(ReadinessWatch proxies, Outcomes outcomes) : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };

    public void Dispose() => _http.Dispose();

    /// <summary>Appends a row; false: that failed, and what became of it is not known.</summary>
    public async Task<bool> AppendAsync(string uuid, string name, int firstProxy)
    {
        var row = new JsonObject { ["table_name"] = "Table1", ["row"] = new JsonObject { ["Name"] = name } };
        var asked = Stopwatch.GetTimestamp();
        if (await SendAsync($"{name} of {uuid}", firstProxy, authority => _http.PostAsJsonAsync(RowsOf(authority, uuid), row)) is null)
            return false;
        outcomes.Succeeded(new AcknowledgedRow(uuid, "Name", name), asked);
        return true;
    }

    /// <summary>The names of all rows of a base; null: that failed.</summary>
    public async Task<IReadOnlySet<string>?> ReadAsync(string uuid, int firstProxy)
    {
        var asked = Stopwatch.GetTimestamp();
        if (await SendAsync($"read of {uuid}", firstProxy, authority => _http.GetAsync(RowsOf(authority, uuid))) is not { } text)
            return null;
        outcomes.Read(asked);
        return JsonNode.Parse(text)!["rows"]!.AsArray().Select(row => (string?)row!["Name"]).OfType<string>().ToHashSet(StringComparer.Ordinal);
    }

    private static string RowsOf(string authority, string uuid) => $"http://{authority}/api/v1/dtables/{uuid}/rows/";

    /// <summary>The answer's body; null: there was none, or it says that it failed.</summary>
    private async Task<string?> SendAsync(string what, int firstProxy, Func<string, Task<HttpResponseMessage>> sendAsync)
    {
        var asked = Stopwatch.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            IReadOnlyList<IEntrance> ready;
            try
            {
                ready = await proxies.ReadyAsync();
            }
            catch (TimeoutException e)
            {
                outcomes.Failed("none", asked, $"{what}: {e.Message}");
                return null;
            }
            var proxy = ready[(int)(((uint)firstProxy + attempt) % ready.Count)];
            var since = Stopwatch.GetTimestamp();
            try
            {
                using var answer = await sendAsync(proxy.Authority);
                var text = await answer.Content.ReadAsStringAsync();
                if (answer.IsSuccessStatusCode)
                    return text;
                outcomes.Failed(proxy.Authority, since, $"{what} at {proxy.Name}: {(int)answer.StatusCode} {text.ReplaceLineEndings(" ")}");
                return null;
            }
            catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError && Stopwatch.GetElapsedTime(asked) < proxies.Limit)
            {
                // Refused: nothing was sent. It was killed a moment ago, and the watch does not know it yet.
                proxy.IsAway = true;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                outcomes.Failed(proxy.Authority, since,
                    $"{what} at {proxy.Name} after {Stopwatch.GetElapsedTime(since).TotalSeconds:F1} s, ready then: {string.Join(", ", ready.Select(p => p.Name))}: "
                    + $"{e.Message} {e.GetBaseException().Message}");
                return null;
            }
        }
    }
}
