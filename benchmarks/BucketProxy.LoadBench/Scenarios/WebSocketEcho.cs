using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Loads;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>Small frames there and back.</summary>
internal sealed record WebSocketEcho(string Key, string Title, string Explanation) : Scenario(Key, Title, Explanation)
{
    /// <summary>Two proxies in line; else each contender by itself, and YARP too.</summary>
    public bool InChain { get; init; }

    public override bool IsForAll => !InChain;

    public override IReadOnlyList<IProxyKind> Proxies(IReadOnlyList<IProxyKind> chosen) => InChain ? Chains.Of(chosen) : chosen;

    private const int Sockets = 64;

    public override IReadOnlyList<Metric> Metrics =>
        [Metric.Messages, Metric.CpuEach, Metric.Median, Metric.Percentile99, Metric.Memory, Metric.Others];

    public override bool NeedsRawNodes => true;

    public override async Task<Sample> RunAsync(Workspace workspace, RunningProxy proxy, NodeSet nodes, TimeSpan duration)
    {
        var sockets = await SocketClient.OpenManyAsync(proxy.Port, Sockets);
        try
        {
            var meter = new CpuMeter(proxy.Pids);
            var latencies = await EchoLoad.RunAsync(sockets, duration);
            var sample = new Sample
            {
                [Metric.Messages] = latencies.Count / duration.TotalSeconds,
                [Metric.Median] = latencies.Percentile(50).TotalMilliseconds,
                [Metric.Percentile99] = latencies.Percentile(99).TotalMilliseconds,
            };
            meter.End(sample, Metric.CpuEach, latencies.Count);
            return sample;
        }
        finally
        {
            foreach (var socket in sockets)
                socket.Dispose();
        }
    }
}
