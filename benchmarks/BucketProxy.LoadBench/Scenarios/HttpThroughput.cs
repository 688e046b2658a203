using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Loads;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>As many requests as go through.</summary>
internal sealed record HttpThroughput(string Key, string Title, string Explanation, Wrk Load, bool InBytes = false)
    : Scenario(Key, Title, Explanation)
{
    public override IReadOnlyList<Metric> Metrics =>
    [
        InBytes ? Metric.Throughput : Metric.Requests, InBytes ? Metric.CpuPerMegabyte : Metric.CpuEach,
        Metric.Percentile99, Metric.Memory, Metric.Errors, Metric.Others,
    ];

    /// <summary>Two proxies in line.</summary>
    public bool InChain { get; init; }

    /// <summary>YARP by itself takes part.</summary>
    public bool WithYarp { get; init; }

    public override bool IsForAll => WithYarp;

    public override IReadOnlyList<IProxyKind> Proxies(IReadOnlyList<IProxyKind> chosen) => InChain ? Chains.Of(chosen) : chosen;

    // nginx answers a post before it has read it, which is not what a server that stores rows does.
    public override bool NeedsRawNodes => Load.BodyBytes > 0;

    public override async Task<Sample> RunAsync(Workspace workspace, RunningProxy proxy, NodeSet nodes, TimeSpan duration)
    {
        var script = Path.Combine(workspace.Benchmarks, "wrk", "bases.lua");
        var meter = new CpuMeter(proxy.Pids);
        var result = await Load.RunAsync(script, proxy.Port, duration);
        var megabytes = result.Bytes / 1e6;
        var sample = new Sample
        {
            [Metrics[0]] = (InBytes ? megabytes : result.Requests) / result.Seconds,
            [Metric.Percentile99] = result.Percentile99.TotalMilliseconds,
            [Metric.Errors] = result.Errors,
        };
        meter.End(sample, Metrics[1], InBytes ? megabytes : result.Requests);
        return sample;
    }
}
