using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using BucketProxy.Emulator.Checking;
using BucketProxy.SystemTest.Load;

namespace BucketProxy.SystemTest.Gates;

/// <summary>
/// Appends rows at one address and at no other, whatever owns the bases: a browser that knows only the server that it was once given, or whoever goes on using
/// a proxy that has lost the store.
/// </summary>
internal sealed class Sender : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly CancellationTokenSource _stop = new();
    private readonly string _name;
    private readonly string _authority;
    private readonly IReadOnlyList<string> _bases;
    private readonly Outcomes _outcomes;
    private readonly Task _all;
    private int _succeeded;

    public Sender(string name, string authority, IReadOnlyList<string> bases, Outcomes outcomes)
    {
        _name = name;
        _authority = authority;
        _bases = bases;
        _outcomes = outcomes;
        _all = Task.WhenAll(Enumerable.Range(0, 4).Select(RunAsync));
    }

    public int Succeeded => Volatile.Read(ref _succeeded);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _all;
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(int worker)
    {
        for (var number = 0; !_stop.IsCancellationRequested; number++)
        {
            await AppendAsync(_bases[((worker * 31) + number) % _bases.Count], $"{_name}-{worker}-{number}");
            await Task.Delay(Every, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task AppendAsync(string uuid, string name)
    {
        var row = new JsonObject { ["table_name"] = "Table1", ["row"] = new JsonObject { ["Name"] = name } };
        var since = Stopwatch.GetTimestamp();
        try
        {
            using var answer = await _http.PostAsJsonAsync($"http://{_authority}/api/v1/dtables/{uuid}/rows/", row);
            if (answer.IsSuccessStatusCode)
            {
                Interlocked.Increment(ref _succeeded);
                _outcomes.Succeeded(new AcknowledgedRow(uuid, "Name", name), since);
            }
            else
            {
                _outcomes.Failed(_authority, since, $"{name} of {uuid} at {_authority}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            }
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            _outcomes.Failed(_authority, since, $"{name} of {uuid} at {_authority} after {Stopwatch.GetElapsedTime(since).TotalSeconds:F1} s: {e.GetBaseException().Message}");
        }
    }
}
