using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Loads;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>Latency at a rate that leaves the machine room.</summary>
internal sealed record FixedRate(string Key, string Title, string Explanation, double PerSecond) : Scenario(Key, Title, Explanation)
{
    public const int Connections = 64;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.5);

    public override IReadOnlyList<Metric> Metrics =>
        [Metric.Percentile99, Metric.Median, Metric.Percentile999, Metric.CpuEach, Metric.Memory, Metric.Others];

    public override async Task<Sample> RunAsync(Workspace workspace, RunningProxy proxy, NodeSet nodes, TimeSpan duration)
    {
        var meter = new CpuMeter(proxy.Pids);
        var latencies = await PacedLoad.RunAsync(proxy.Port, Connections, PerSecond, WarmUp, duration);
        var sample = new Sample
        {
            [Metric.Median] = latencies.Percentile(50).TotalMilliseconds,
            [Metric.Percentile99] = latencies.Percentile(99).TotalMilliseconds,
            [Metric.Percentile999] = latencies.Percentile(99.9).TotalMilliseconds,
        };
        meter.End(sample, Metric.CpuEach, (duration + WarmUp).TotalSeconds * PerSecond);
        return sample;
    }
}
