using System.Diagnostics;
using BucketProxy.LoadBench.Loads;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>A proxy that runs.</summary>
internal sealed class RunningProxy(string name, int port, ServerProcess process, params IEnumerable<IAsyncDisposable> alongside) : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private readonly IAsyncDisposable[] _alongside = [.. alongside];

    public string Name => name;

    public int Port => port;

    /// <summary>All of its processes: those of a chain are several.</summary>
    public int[] Pids => [process.Pid, .. Behind];

    /// <summary>Processes that a request passes behind the first.</summary>
    public int[] Behind { get; init; } = [];

    /// <summary>Its port for operators, where it has one.</summary>
    public int? Admin { get; init; }

    /// <summary>What goes on beside the load in each run.</summary>
    public IDisturbance? Disturbance { get; init; }

    /// <summary>Set when it is one of many on an etcd.</summary>
    public StoreCluster? Cluster { get; init; }

    /// <summary>Set when it is one of three on an etcd.</summary>
    public Trio? Trio { get; init; }

    /// <summary>Waits until requests for many bases are answered.</summary>
    /// <exception cref="InvalidOperationException">They are not, in time; the message holds the proxy's output.</exception>
    public async Task WhenReadyAsync()
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = ReadyLimit };
        var since = Stopwatch.GetTimestamp();
        foreach (var id in BaseRequests.Bases(256, seed: 5))
        {
            while (true)
            {
                using var answer = await client.GetAsync(new Uri($"/api/v1/dtables/{id}/ready", UriKind.Relative));
                if (answer.IsSuccessStatusCode)
                    break;
                if (Stopwatch.GetElapsedTime(since) > ReadyLimit)
                    throw new InvalidOperationException($"{name} answers {(int)answer.StatusCode}: {await File.ReadAllTextAsync(process.Log)}");
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var each in _alongside)
            await each.DisposeAsync();
        await process.DisposeAsync();
    }
}
