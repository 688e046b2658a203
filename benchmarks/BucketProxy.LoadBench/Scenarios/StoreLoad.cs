using System.Diagnostics;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Loads;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>What a cluster asks of its etcd as it grows.</summary>
/// <param name="Key">Short name for the command line.</param>
/// <param name="Sizes">Proxies and gates of each cluster.</param>
internal sealed record StoreLoad(string Key, params (int Proxies, int Gates)[] Sizes) : Scenario(
    Key, "What one etcd carries",
    "Proxies and gates on one etcd (one member, with fsync), a process each, and a fuse for each gate; the first proxy has the monitor. For 25 s each proxy gets 50 small GETs a second for random bases, so that all of them report "
    + "what their buckets carry. etcd's own figures before and after, by the second. Then an assignment is written with another owner over and over, with nobody's leave, and three of the proxies are asked for a base of "
    + "that bucket until the new owner answers, through its gate; the slowest of the three counts, from etcd's acknowledgement and from the put. CPU of a proxy and of a gate is without that last part.")
{
    private const int Asked = 3;
    private const double PerSecond = 50;
    private const int MegabytesEach = 200;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(25);

    public override IReadOnlyList<Metric> Metrics =>
    [
        Metric.Commits, Metric.Renewals, Metric.WatchEvents, Metric.Watchers, Metric.SentKilobytes, Metric.StoreCpu, Metric.StoreMemory,
        Metric.IdleProxyCpu, Metric.IdleGateCpu, .. RouteTimes.Metrics, Metric.Others,
    ];

    public override int Nodes => 64;

    public override bool IsOurOwn => true;

    public override bool NeedsFreshProcess => true;

    /// <summary>Processes for every core: more than so many take minutes to start, and are not part of a whole run.</summary>
    public const int ForEachCore = 16;

    public override bool IsOnlyByName => Sizes.Any(each => each.Proxies + each.Gates > ForEachCore * Environment.ProcessorCount);

    public override int MostRounds => 1;

    public override bool NeedsQuiet => false;

    public override IReadOnlyList<IProxyKind> Proxies(IReadOnlyList<IProxyKind> chosen) =>
        [.. Sizes.Where(each => (each.Proxies + each.Gates) * MegabytesEach < FreeMegabytes()).Select(each => new StoreClusterKind(each.Proxies, each.Gates))];

    public override async Task<Sample> RunAsync(Workspace workspace, RunningProxy proxy, NodeSet nodes, TimeSpan duration)
    {
        var cluster = proxy.Cluster ?? throw new InvalidOperationException("This scenario needs a cluster on an etcd.");
        await Task.Delay(Rest, TimeProvider.System);
        var sample = new Sample();
        await WatchStoreAsync(cluster, sample);
        await RouteTimes.MeasureAsync(
            cluster.Proxies.Take(Asked).Select(p => p.Port), nodes.Ports,
            owner => cluster.Etcd.PutAsync(EtcdMember.Assignment(RouteTimes.Bucket), StoreCluster.NodeId(owner)), duration, sample);
        return sample;
    }

    private static async Task WatchStoreAsync(StoreCluster cluster, Sample sample)
    {
        var meter = new CpuMeter(cluster.Server.Pid);
        var began = Stopwatch.GetTimestamp();
        var before = await cluster.Server.FiguresAsync();
        var (proxies, gates) = (Cpu(cluster.Proxies), Cpu(cluster.Gates));
        await Task.WhenAll(cluster.Proxies.Select(p => PacedLoad.RunAsync(p.Port, 2, PerSecond, TimeSpan.Zero, Watched)));
        var after = await cluster.Server.FiguresAsync();
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        meter.End(sample, Metric.StoreCpu, seconds * 1e6 / 100);
        sample[Metric.StoreMemory] = sample[Metric.Memory];
        sample[Metric.IdleProxyCpu] = 100 * (Cpu(cluster.Proxies) - proxies).TotalSeconds / seconds / cluster.Proxies.Count;
        sample[Metric.IdleGateCpu] = 100 * (Cpu(cluster.Gates) - gates).TotalSeconds / seconds / cluster.Gates.Count;
        sample[Metric.Commits] = Rate("etcd_server_proposals_committed_total");
        sample[Metric.Renewals] = Rate("etcd_debugging_lease_renewed_total");
        sample[Metric.WatchEvents] = Rate("etcd_debugging_mvcc_events_total");
        sample[Metric.SentKilobytes] = Rate("etcd_network_client_grpc_sent_bytes_total") / 1024;
        sample[Metric.Watchers] = Prometheus.Sum(after, "etcd_debugging_mvcc_watcher_total");

        double Rate(string name) => (Prometheus.Sum(after, name) - Prometheus.Sum(before, name)) / seconds;
    }

    private static TimeSpan Cpu(IReadOnlyList<EtcdMember> members) =>
        members.Aggregate(TimeSpan.Zero, (sum, member) => sum + ProcessTree.CpuOf(member.Process.Pid));

    private static long FreeMegabytes() => ProcessTree.AvailableMemory() / (1024 * 1024);
}
