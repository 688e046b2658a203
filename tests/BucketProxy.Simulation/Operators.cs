using BucketProxy.Cluster.View;

namespace BucketProxy.Simulation;

/// <summary>What operators do: drains, pins, and orders of buckets.</summary>
internal sealed class Operators(Random random, Simulator simulator)
{
    public void Drain(World world, int index, double seconds)
    {
        var key = world.Keys.NodePolicy(world.Nodes[index].Id);
        Simulator.Put(world, key, RecordJson.Write(new NodePolicy { Draining = true }));
        simulator.After(seconds, $"node {index} is not drained any more", w => Simulator.Delete(w, key));
    }

    public void SetPin(World world, int index, double seconds)
    {
        var key = world.Keys.PinPolicy(Simulator.PinnedBase);
        Simulator.Put(world, key, world.Nodes[index].Id);
        simulator.After(seconds, "the pin is taken back", w => Simulator.Delete(w, key));
    }

    /// <summary>An order now, and more of them in the next seconds.</summary>
    public void Orders(World world, int count)
    {
        Order(world, random.Next(world.Nodes.Length));
        for (var i = 1; i < count; i++)
            simulator.After(1.7 * i, "buckets are ordered", w => Order(w, random.Next(w.Nodes.Length)));
    }

    /// <summary>An order that gives every bucket to one node.</summary>
    public static void Order(World world, int node)
    {
        var view = world.Views[^1];
        var to = world.Nodes[node].Id;
        Simulator.Put(world, world.Keys.Rebalance, RecordJson.Write(new RebalanceOrder
        {
            Id = $"order-{world.Store.Revision}",
            Revision = world.Store.Revision,
            Pending =
            [
                .. view.Assignments.Where(a => a.Value.Owner != to).Select(a => new PlannedMoveRecord(
                    a.Key.ToString(), null, a.Value.Owner, to, MoveReason.Balance)),
            ],
        }));
    }
}
