using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Loads;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>Frames as users of a base send them: now and then, on many websockets.</summary>
internal sealed record WebSocketEchoPaced() : Scenario(
    "ws-echo-paced", "Websocket echo, 1,000 a second",
    "200 websockets for random bases, 1,000 frames of 120 bytes a second in all, each echoed; an echo's time counts from when its frame was due. CPU is of both directions.")
{
    private const int Sockets = 200;
    private const double PerSecond = 1000;

    public override IReadOnlyList<Metric> Metrics => [Metric.CpuEach, Metric.Percentile99, Metric.Median, Metric.Memory, Metric.Others];

    public override bool NeedsRawNodes => true;

    public override async Task<Sample> RunAsync(Workspace workspace, RunningProxy proxy, NodeSet nodes, TimeSpan duration)
    {
        var sockets = await SocketClient.OpenManyAsync(proxy.Port, Sockets);
        try
        {
            var meter = new CpuMeter(proxy.Pids);
            var latencies = await PacedEchoLoad.RunAsync(sockets, PerSecond, duration);
            var sample = new Sample
            {
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
