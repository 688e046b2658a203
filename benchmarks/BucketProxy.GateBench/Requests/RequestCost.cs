using BucketProxy.GateBench.Reporting;
using BucketProxy.LoadBench.Loads;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.GateBench.Requests;

/// <summary>What a gate adds to a request, in time and CPU: ways to the same server take turns.</summary>
internal static class RequestCost
{
    private const int Connections = 64;
    private const double PerSecond = 1000;
    private static readonly TimeSpan Begin = TimeSpan.FromSeconds(0.5);

    public static async Task<Section> MeasureAsync(GateBenchOptions options, Workspace workspace, Action<string> tell)
    {
        tell("requests: the ways are built");
        await using var cluster = await WaysCluster.StartAsync(workspace);
        var ways = cluster.Ways;
        foreach (var way in ways)
        {
            tell($"requests: {way.Name}, warm-up");
            await RunAsync(way, options.WarmUp);
        }
        var runs = ways.ToDictionary(way => way.Name, _ => new List<Run>());
        for (var round = 0; round < options.Rounds; round++)
        {
            for (var turn = 0; turn < ways.Count; turn++)
            {
                var way = ways[(turn + round) % ways.Count];
                var run = await RunAsync(way, options.Duration);
                runs[way.Name].Add(run);
                tell(FormattableString.Invariant($"requests: round {round + 1} of {options.Rounds}, {way.Name}: median {run.Median:F2} ms, 99 % {run.Percentile99:F2} ms"));
            }
        }
        return new Section(
            "What a gate adds to a request",
            FormattableString.Invariant($"""
            Small GET, {PerSecond:0} a second on {Connections} connections, random bases; a request's time counts from when it was due. The server answers from memory on bare sockets, and is not run by the gate, so the CPU is the gate's
            alone. *Added* is beside the way in the row named, round by round. CPU is of the process, user and system, for each request.
            """),
            ["", "median ms", "99 % ms", "beside", "added, median ms", "added, 99 % ms", "CPU µs of the gate", "CPU µs of the proxy"],
            [.. ways.Select(way => Row(way, runs))]);
    }

    private static string[] Row(Way way, Dictionary<string, List<Run>> runs)
    {
        var own = runs[way.Name];
        var beside = way.Beside is { } name ? own.Zip(runs[name]).ToList() : [];
        return
        [
            way.Name, Figures.Middle(own.Select(r => r.Median), "0.00"), Figures.Middle(own.Select(r => r.Percentile99), "0.00"), way.Beside ?? "",
            way.Beside is null ? "" : Figures.Middle(beside.Select(r => r.First.Median - r.Second.Median), "0.00"),
            way.Beside is null ? "" : Figures.Middle(beside.Select(r => r.First.Percentile99 - r.Second.Percentile99), "0.00"),
            way.Gate is null ? "" : Figures.Middle(own.Select(r => r.GateCpu!.Value), "0"),
            way.Proxy is null ? "" : Figures.Middle(own.Select(r => r.ProxyCpu!.Value), "0"),
        ];
    }

    private static async Task<Run> RunAsync(Way way, TimeSpan duration)
    {
        var (gate, proxy) = (Cpu(way.Gate), Cpu(way.Proxy));
        var latencies = await PacedLoad.RunAsync(way.Port, Connections, PerSecond, Begin, duration);
        var requests = (Begin + duration).TotalSeconds * PerSecond;
        return new Run(
            latencies.Percentile(50).TotalMilliseconds, latencies.Percentile(99).TotalMilliseconds,
            (Cpu(way.Gate) - gate)?.TotalMicroseconds / requests, (Cpu(way.Proxy) - proxy)?.TotalMicroseconds / requests);
    }

    private static TimeSpan? Cpu(int? process) => process is { } pid ? ProcessTree.CpuOf(pid) : null;
}
