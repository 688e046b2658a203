using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>How long a change in etcd takes to become a route.</summary>
internal sealed record EventToRoute() : Scenario(
    "etcd-to-route", "From etcd to the route",
    "An assignment is put into a real etcd (one member, with fsync); three proxies follow it. Each is asked for a base of that bucket over and over, "
    + "and counts until the first answer by the new owner. The slowest of the three counts. First column: from etcd's acknowledgement of the put.")
{
    public override IReadOnlyList<Metric> Metrics => [.. RouteTimes.Metrics, Metric.Others];

    public override bool IsOurOwn => true;

    public override IReadOnlyList<IProxyKind> Proxies(IReadOnlyList<IProxyKind> chosen) => [new EtcdTrio()];

    public override async Task<Sample> RunAsync(Workspace workspace, RunningProxy proxy, NodeSet nodes, TimeSpan duration)
    {
        var trio = proxy.Trio ?? throw new InvalidOperationException("This scenario needs proxies on etcd.");
        var sample = new Sample();
        var meter = new CpuMeter(proxy.Pids);
        await RouteTimes.MeasureAsync(
            trio.Ports, nodes.Ports, owner => trio.Etcd.PutAsync(EtcdMember.Assignment(RouteTimes.Bucket), Trio.NodeId(owner)), duration, sample);
        meter.End(sample, Metric.CpuEach, sample[Metric.Events]!.Value);
        return sample;
    }
}
