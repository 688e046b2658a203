using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Gating;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Simulation;

/// <summary>The cluster that a seed runs: two monitors, three proxies, four nodes, with gates or without.</summary>
/// <param name="random">What everything is drawn from but gates.</param>
/// <param name="seed">What gates are drawn from: without any, a run is what it was before there were gates.</param>
internal sealed class Clusters(Random random, int seed)
{
    private const int Plain = 3;
    private static readonly ReleaseMode[] Modes = [ReleaseMode.Watch, ReleaseMode.Call, ReleaseMode.Call, ReleaseMode.Restart];

    private readonly Random _lots = new(seed);

    private double Drift() => 0.92 + 0.16 * random.NextDouble();

    /// <param name="gated">Most nodes have a gate.</param>
    /// <param name="mutation">The guard that is taken out.</param>
    /// <param name="network">The network.</param>
    public World Make(bool gated, Mutation mutation, INetwork network)
    {
        var buckets = Bucket.All.Take(4).ToImmutableArray();
        var kinds = Kinds(gated);
        var nodes = Enumerable.Range(0, 4).Select(i => Node(i, kinds, Modes[random.Next(Modes.Length)], Drift())).ToArray();
        var options = new WorldOptions
        {
            Buckets = buckets,
            Bases = [.. buckets.Select(b => BaseId.Parse($"{b}000000000000000000000000000000")), BaseId.Parse(Simulator.PinnedBase.ToString())],
            Mutation = mutation,
            Gate = new GateAgentOptions
            {
                Instance = "",
                NodeId = "",
                Server = new Uri("http://localhost/"),
                LocalNodeUrl = "",
                NodeUrl = "http://x",
                LeaseTimeToLive = TimeSpan.FromSeconds(6),
                Margin = TimeSpan.FromSeconds(1),
                SaveTime = TimeSpan.FromSeconds(1.5),
                LateSaveTime = TimeSpan.FromSeconds(2),
                StartTimeout = TimeSpan.FromSeconds(6),
                DrainTime = TimeSpan.FromSeconds(1.5),
            },
            Monitor = new MonitorOptions
            {
                Instance = "monitor",
                MinNodes = 2,
                QuiesceTimeout = TimeSpan.FromSeconds(2.5),
                ReleaseTimeout = TimeSpan.FromSeconds(4),
                NodeGrace = TimeSpan.FromSeconds(4),
                RetryPause = TimeSpan.FromSeconds(1.5),
                RetryPauseLimit = TimeSpan.FromSeconds(6),
                PingInterval = TimeSpan.FromSeconds(3),
                PingTimeout = TimeSpan.FromSeconds(2),
                MassLossWindow = TimeSpan.FromSeconds(15),
                Nodes = [.. nodes.Where(n => n.Gate == GateKind.None).Select(n => new NodeOptions
                {
                    Id = n.Id,
                    Register = false,
                    Release = n.Mode,
                    RestartCommand = n.Mode == ReleaseMode.Restart ? ["restart"] : [],
                })],
            },
        };
        var monitors = Enumerable.Range(0, 2).Select(i => new MonitorActor(i) { Rate = Drift() }).ToArray();
        var proxies = Enumerable.Range(0, Plain).Select(i => new ProxyActor(i, random.Next(2) == 0 ? StoreLossMode.Serve : StoreLossMode.Fence) { Rate = Drift() }).ToArray();
        // A gate and its part as a proxy are one process, so they have one clock.
        var gates = nodes.OfType<GatedNode>().SelectMany(n => n.Gates.Select(g => new GateActor(g, n.Index, Plain + g) { Rate = n.Rate })).ToArray();
        var parts = gates.Select(g => new ProxyActor(Plain + g.Index, StoreLossMode.Fence, g.Index) { Rate = g.Rate });
        return new World(options, network, monitors, [.. proxies, .. parts], nodes, gates);
    }

    private GateKind[] Kinds(bool gated)
    {
        var kinds = Enumerable.Range(0, 4).Select(_ => !gated ? GateKind.None : _lots.Next(10) switch
        {
            < 6 => GateKind.Supervised,
            6 => GateKind.Unsupervised,
            _ => GateKind.None,
        }).ToArray();
        if (gated)
            kinds[_lots.Next(3)] = GateKind.Supervised;
        return kinds;
    }

    private NodeActor Node(int index, GateKind[] kinds, ReleaseMode mode, double rate)
    {
        if (kinds[index] == GateKind.None)
            return new NodeActor(index, mode) { Rate = rate };
        var release = kinds[index] == GateKind.Unsupervised || _lots.Next(2) == 0 ? ReleaseMode.Call : ReleaseMode.Restart;
        return new GatedNode(index, release, kinds[index], 2 * kinds.Take(index).Count(k => k != GateKind.None)) { Rate = rate };
    }
}
