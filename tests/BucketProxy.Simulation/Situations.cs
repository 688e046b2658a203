using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Simulation;

/// <summary>Makes the states in which searches begin.</summary>
internal static class Situations
{
    private static readonly BasePrefix Pin = Simulator.PinnedBase;
    public static readonly TimeSpan PingInterval = TimeSpan.FromHours(1);

    /// <summary>The state, with everything under way that may come next.</summary>
    /// <exception cref="InvalidOperationException">The actors did not come to it.</exception>
    public static (World World, ExplorerNetwork Network) Begin(Bounds bounds, Mutation mutation)
    {
        var network = new ExplorerNetwork();
        if (bounds.Gated)
            return GateSituations.Begin(bounds, mutation, network);
        var world = Make(bounds, mutation, network);
        world.Nodes[0].Start(world);
        Quiet(world, network);
        // So long ago that a server which answers all the time has answered every ping there was.
        world.Now = 5 * PingInterval;
        world.Monitors[0].Start(world);
        Quiet(world, network);
        world.Monitors[1].Start(world);
        if (bounds.Start != Situation.NodeNeverSeen)
            world.Nodes[1].Start(world);
        world.Proxies[0].Start(world, takesOver: false);
        Quiet(world, network);
        // What a ping said comes before whatever happens from here on.
        Pass(world, network, TimeSpan.FromSeconds(1));
        Lead(bounds.Start, world, network);
        network.Settle(world);
        return (world, network);
    }

    private static World Make(Bounds bounds, Mutation mutation, ExplorerNetwork network)
    {
        var nodes = new[] { new NodeActor(0, bounds.Mode), new NodeActor(1, bounds.Mode) };
        return new World(
            new WorldOptions
            {
                Buckets = [new Bucket(0)],
                Bases = [BaseId.Parse("00000000000000000000000000000000"), BaseId.Parse(Pin.ToString())],
                Mutation = mutation,
                Monitor = new MonitorOptions
                {
                    Instance = "monitor",
                    LeaderLease = 100 * PingInterval,
                    LeaderMargin = TimeSpan.FromSeconds(1),
                    PingInterval = PingInterval,
                    NodeGrace = TimeSpan.Zero,
                    MassLossWindow = TimeSpan.FromSeconds(1),
                    Nodes = [.. nodes.Select(n => new NodeOptions { Id = n.Id, Register = false, Release = n.Mode })],
                    // A pin would go back by itself, before anybody orders anything.
                    Placement = new PlacementOptions { Pins = bounds.Start == Situation.BackAfterALoss ? [] : [new PinOptions(Pin, nodes[0].Id)] },
                },
            },
            network,
            [new MonitorActor(0), new MonitorActor(1)],
            [new ProxyActor(0, bounds.Proxies), new ProxyActor(1, bounds.Proxies)],
            nodes);
    }

    private static void Lead(Situation to, World world, ExplorerNetwork network)
    {
        var (first, second) = (world.Nodes[0], world.Nodes[1]);
        Expect(world, first);
        switch (to)
        {
            case Situation.OrderedWhileHeld:
                foreach (var id in world.Options.Bases)
                    world.Proxies[0].TryForward(world, id == world.Options.Bases[0] ? 1 : 2, id);
                Quiet(world, network);
                break;
            case Situation.PinWished:
                Simulator.Put(world, world.Keys.PinPolicy(Pin), second.Id);
                return;
            case Situation.JoinedAfterAMove:
                Order(world, first.Id);
                Quiet(world, network);
                Expect(world, second);
                world.Proxies[1].Start(world, takesOver: false);
                Quiet(world, network);
                Order(world, second.Id);
                return;
            case Situation.BackAfterALoss:
                first.Unreachable = true;
                world.Revoke(world.Store.Find(world.Keys.Node(first.Id))!.LeaseId);
                Quiet(world, network);
                Expect(world, second);
                first.Unreachable = false;
                first.OnTick(world, "lease", 0);
                Pass(world, network, PingInterval + TimeSpan.FromSeconds(1));
                Order(world, second.Id);
                return;
            case Situation.FencedProxyLost:
                LoseLease(world, network);
                Pass(world, network, TimeSpan.FromSeconds(7.5));
                Pass(world, network, TimeSpan.FromSeconds(3));
                break;
            case Situation.NewLeaseUnknown:
                LoseLease(world, network);
                Pass(world, network, TimeSpan.FromSeconds(6));
                world.Proxies[0].Mute = true;
                world.Proxies[0].OnTick(world, "lease", 0);
                Pass(world, network, TimeSpan.FromSeconds(5));
                break;
            case Situation.Rest or Situation.NodeNeverSeen:
                return;
        }
        Order(world, first.Id);
    }

    private static void LoseLease(World world, ExplorerNetwork network)
    {
        world.Revoke(world.Store.Find(world.Keys.Alive(world.Proxies[0].Instance))!.LeaseId);
        Quiet(world, network);
    }

    public static void Pass(World world, ExplorerNetwork network, TimeSpan time)
    {
        world.Now += time;
        Quiet(world, network);
    }

    public static void Expect(World world, NodeActor owner)
    {
        if (world.Views[^1].Assignments.GetValueOrDefault(new Bucket(0))?.Owner != owner.Id || world.Views[^1].Moves.Count > 0)
            throw new InvalidOperationException($"The bucket should be with {owner.Id} by now.");
    }

    /// <summary>An order that moves the bucket to the other node.</summary>
    public static void Order(World world, string from) =>
        Simulator.Put(world, world.Keys.Rebalance, RecordJson.Write(new RebalanceOrder
        {
            Id = $"order-{world.Store.Revision}",
            Pending = [new PlannedMoveRecord("00", null, from, world.Nodes.First(n => n.Id != from).Id, MoveReason.Balance)],
        }));

    /// <summary>Delivers whatever is due, in order, until nothing is.</summary>
    /// <param name="world">The world.</param>
    /// <param name="network">What is under way.</param>
    /// <param name="stays">What stays under way; null: nothing.</param>
    public static void Quiet(World world, ExplorerNetwork network, Predicate<Message>? stays = null)
    {
        network.Settle(world);
        while (network.Pending.FindIndex(p => p.Due <= world.Now && stays?.Invoke(p.Message) != true) is >= 0 and var at)
        {
            network.Take(at).Deliver(world);
            network.Settle(world);
        }
    }
}
