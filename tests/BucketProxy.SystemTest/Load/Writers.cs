using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using BucketProxy.Emulator.Checking;

namespace BucketProxy.SystemTest.Load;

/// <summary>
/// Appends numbered rows at a bounded rate, as SeaTable's callers do: nothing is sent a second time once it may have been sent. A proxy that is not ready gets
/// nothing new, one that refuses the connection is passed over, as a load balancer does.
/// </summary>
internal sealed class Writers : IAsyncDisposable
{
    private const int Workers = 20;

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyList<string> _bases;
    private readonly ReadinessWatch _proxies;
    private readonly Outcomes _outcomes;
    private readonly Task _all;

    public Writers(IReadOnlyList<string> bases, ReadinessWatch proxies, int rate, int seed, Outcomes outcomes)
    {
        _bases = bases;
        _proxies = proxies;
        _outcomes = outcomes;
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
        _http.Dispose();
    }

    private async Task WorkAsync(int worker, TimeSpan every, int seed)
    {
        var random = new Random((seed * 1000) + worker);
        using var timer = new PeriodicTimer(every, TimeProvider.System);
        try
        {
            for (var number = 0; await timer.WaitForNextTickAsync(_stop.Token); number++)
                await AppendAsync(_bases[random.Next(_bases.Count)], $"w{worker}-{number}", random.Next());
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task AppendAsync(string uuid, string name, int firstProxy)
    {
        var row = new JsonObject { ["table_name"] = "Table1", ["row"] = new JsonObject { ["Name"] = name } };
        var proxies = _proxies.Ready;
        for (var attempt = 0; ; attempt++)
        {
            var proxy = proxies[(int)(((uint)firstProxy + attempt) % proxies.Count)];
            var since = Stopwatch.GetTimestamp();
            try
            {
                using var answer = await _http.PostAsJsonAsync($"http://{proxy.Authority}/api/v1/dtables/{uuid}/rows/", row);
                if (answer.IsSuccessStatusCode)
                    _outcomes.Succeeded(new AcknowledgedRow(uuid, "Name", name), since);
                else
                    _outcomes.Failed(proxy.Authority, since, $"{name} of {uuid} at {proxy.Name}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
                return;
            }
            catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError && attempt < proxies.Count)
            {
                // Refused: nothing was sent.
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                _outcomes.Failed(proxy.Authority, since, $"{name} of {uuid} at {proxy.Name} after {Stopwatch.GetElapsedTime(since).TotalSeconds:F1} s: {e.Message}");
                return;
            }
        }
    }
}
