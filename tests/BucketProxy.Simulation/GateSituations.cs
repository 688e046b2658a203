using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Gating;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Simulation;

/// <summary>Makes the states in which searches with gates begin.</summary>
internal static class GateSituations
{
    /// <summary>From this gate on, a search lets nothing be late.</summary>
    public const int Prompt = 1;

    /// <summary>The parts of such gates as proxies.</summary>
    public const int PromptPart = 1 + Prompt;

    public static (World World, ExplorerNetwork Network) Begin(Bounds bounds, Mutation mutation, ExplorerNetwork network)
    {
        var world = Make(bounds, mutation, network);
        world.Now = 5 * Situations.PingInterval;
        world.Nodes[0].Start(world);
        Situations.Quiet(world, network);
        // No save of a server before the first can land any more.
        Renewed(world, network);
        world.Monitors[0].Start(world);
        world.Monitors[1].Start(world);
        Situations.Quiet(world, network);
        if (bounds.Start == Situation.BeganAnew)
        {
            world.Revoke(world.Store.Find(world.Keys.Gate(world.Nodes[0].Id))!.LeaseId);
            // The store tells it at its next renewal, before its watch does.
            world.Gates[0].Renew(world);
            Situations.Quiet(world, network, message => message is RunStarts or ViewDelivery { To.Role: Role.Gate });
            Situations.Quiet(world, network, message => message is RunStarts);
            Renewed(world, network, message => message is RunStarts);
            Situations.Quiet(world, network);
            Situations.Expect(world, world.Nodes[0]);
            return (world, network);
        }
        world.Nodes[1].Start(world);
        if (bounds.Proxied)
            world.Proxies[0].Start(world, takesOver: false);
        Situations.Quiet(world, network);
        Renewed(world, network);
        Situations.Expect(world, world.Nodes[0]);
        if (bounds.Start is Situation.Held or Situation.OrderedWhileHeld or Situation.ReleaseUnderWay)
        {
            world.Gates[0].Part(world).TryForward(world, 1, world.Options.Bases[0]);
            Situations.Quiet(world, network);
            if (!world.Runs.Exists(r => r.Holds(world.Options.Bases[0])))
                throw new InvalidOperationException("The base should be in memory by now.");
        }
        if (bounds.Start is Situation.OrderedWhileHeld or Situation.ReleaseUnderWay)
            Situations.Order(world, world.Nodes[0].Id);
        if (bounds.Start == Situation.ReleaseUnderWay)
        {
            Situations.Quiet(world, network, world.Gates[0].TellsSilence);
            Renewed(world, network, world.Gates[0].TellsSilence);
        }
        if (bounds.Start == Situation.Died)
        {
            world.EndRun(world.Runs.Single(r => r.Index == 0), hasSaved: false);
            Situations.Quiet(world, network, message => message is RunAnswers or Tick { Kind: "look" });
        }
        network.Settle(world);
        return (world, network);
    }

    private static void Renewed(World world, ExplorerNetwork network, Predicate<Message>? stays = null)
    {
        world.Now += world.Options.Gate.LateSaveTime;
        foreach (var gate in world.Gates.Where(g => g.Up))
            gate.Renew(world);
        Situations.Quiet(world, network, stays);
    }

    private static World Make(Bounds bounds, Mutation mutation, ExplorerNetwork network)
    {
        var second = TimeSpan.FromSeconds(1);
        return new World(
            new WorldOptions
            {
                Buckets = [new Bucket(0)],
                Bases = [BaseId.Parse("00000000000000000000000000000000")],
                Mutation = mutation,
                Bounds = bounds,
                Gate = new GateAgentOptions
                {
                    Instance = "",
                    NodeId = "",
                    Server = new Uri("http://localhost/"),
                    LocalNodeUrl = "",
                    NodeUrl = "http://x",
                    LeaseTimeToLive = 4 * second,
                    Margin = second,
                    SaveTime = second,
                    LateSaveTime = second,
                    StartTimeout = Situations.PingInterval,
                    DrainTime = Situations.PingInterval,
                },
                Monitor = new MonitorOptions
                {
                    Instance = "monitor",
                    LeaderLease = 100 * Situations.PingInterval,
                    LeaderMargin = second,
                    PingInterval = Situations.PingInterval,
                    NodeGrace = TimeSpan.Zero,
                    MassLossWindow = second,
                    QuiesceTimeout = second,
                    ReleaseTimeout = second,
                    RetryPause = second / 2,
                },
            },
            network,
            [new MonitorActor(0), new MonitorActor(1)],
            [new ProxyActor(0, StoreLossMode.Serve), .. Enumerable.Range(0, 4).Select(g => new ProxyActor(1 + g, StoreLossMode.Fence, g))],
            [new GatedNode(0, bounds.Mode, bounds.Unsupervised ? GateKind.Unsupervised : GateKind.Supervised, 0), new GatedNode(1, bounds.Mode, GateKind.Supervised, 2)],
            [.. Enumerable.Range(0, 4).Select(g => new GateActor(g, g / 2, 1 + g))]);
    }
}
