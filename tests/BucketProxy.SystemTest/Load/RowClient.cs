using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using BucketProxy.Emulator.Checking;
using BucketProxy.SystemTest.Cluster;

namespace BucketProxy.SystemTest.Load;

/// <summary>
/// Appends rows as SeaTable's callers do: nothing is sent a second time once it may have been sent. A proxy that is not ready gets
/// nothing new (where none is ready, one is waited for), one that refuses the connection is passed over, as a load balancer does. Thread-safe.
/// </summary>
internal sealed class RowClient(ReadinessWatch proxies, Outcomes outcomes) : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };

    public void Dispose() => _http.Dispose();

    public async Task AppendAsync(string uuid, string name, int firstProxy)
    {
        var row = new JsonObject { ["table_name"] = "Table1", ["row"] = new JsonObject { ["Name"] = name } };
        IReadOnlyList<ServeProcess> ready;
        var asked = Stopwatch.GetTimestamp();
        try
        {
            ready = await proxies.ReadyAsync();
        }
        catch (TimeoutException e)
        {
            outcomes.Failed("none", asked, $"{name} of {uuid}: {e.Message}");
            return;
        }
        for (var attempt = 0; ; attempt++)
        {
            var proxy = ready[(int)(((uint)firstProxy + attempt) % ready.Count)];
            var since = Stopwatch.GetTimestamp();
            try
            {
                using var answer = await _http.PostAsJsonAsync($"http://{proxy.Authority}/api/v1/dtables/{uuid}/rows/", row);
                if (answer.IsSuccessStatusCode)
                    outcomes.Succeeded(new AcknowledgedRow(uuid, "Name", name), asked);
                else
                    outcomes.Failed(proxy.Authority, since, $"{name} of {uuid} at {proxy.Name}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
                return;
            }
            catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError && attempt < ready.Count)
            {
                // Refused: nothing was sent.
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                outcomes.Failed(proxy.Authority, since,
                    $"{name} of {uuid} at {proxy.Name} after {Stopwatch.GetElapsedTime(since).TotalSeconds:F1} s, ready then: {string.Join(", ", ready.Select(p => p.Name))}: "
                    + $"{e.Message} {e.GetBaseException().Message}");
                return;
            }
        }
    }
}
