using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Loads;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>Clients that read more slowly than the node writes.</summary>
internal sealed record SlowDownloads() : Scenario(
    "slow-readers", "Slow readers",
    "64 clients each read one download of 20 MiB, for a random base, at 4 MiB/s. All of it takes 5 s, if the proxy keeps none of them waiting.")
{
    private const int Clients = 64;
    private const double BytesPerSecond = 4 * 1024 * 1024;

    public override IReadOnlyList<Metric> Metrics => [Metric.CpuPerMebibyte, Metric.Seconds, Metric.Memory, Metric.Others];

    public override async Task<Sample> RunAsync(Workspace workspace, RunningProxy proxy, NodeSet nodes, TimeSpan duration)
    {
        var meter = new CpuMeter(proxy.Pids);
        var (bytes, time) = await SlowReaders.RunAsync(proxy.Port, Clients, "/download-20m", BytesPerSecond);
        var sample = new Sample { [Metric.Seconds] = time.TotalSeconds };
        meter.End(sample, Metric.CpuPerMebibyte, bytes / (1024d * 1024));
        return sample;
    }
}
