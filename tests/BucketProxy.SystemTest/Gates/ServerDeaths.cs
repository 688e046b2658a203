using System.Collections.Concurrent;
using BucketProxy.Emulator.Checking;

namespace BucketProxy.SystemTest.Gates;

/// <summary>Sees when servers are dead: a killed one cannot write that itself, and a fuse asks nobody.</summary>
internal sealed class ServerDeaths : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentQueue<ObservedExit> _seen = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyList<GateProcess> _gates;
    private readonly HashSet<int> _dead = [];
    private readonly Task _watch;

    public ServerDeaths(IReadOnlyList<GateProcess> gates)
    {
        _gates = gates;
        _watch = WatchAsync();
    }

    public IReadOnlyList<ObservedExit> Seen => [.. _seen];

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        await _watch;
        Look();
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Look();
            await Task.Delay(Every, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Look()
    {
        foreach (var gate in _gates)
        {
            foreach (var run in gate.Runs())
            {
                if (run is { Server: var pid } && !_dead.Contains(pid) && !Lives(pid))
                {
                    _dead.Add(pid);
                    _seen.Enqueue(new ObservedExit(gate.Name, TimeProvider.System.GetUtcNow()));
                }
            }
        }
    }

    /// <summary>Whether a process is there and can still write: one that is dead and was not asked for yet cannot.</summary>
    public static bool Lives(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..][0] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
