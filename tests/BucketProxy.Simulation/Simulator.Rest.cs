using BucketProxy.Cluster.View;

namespace BucketProxy.Simulation;

/// <summary>The end of a run: everything is mended, and must come to rest.</summary>
internal sealed partial class Simulator
{
    /// <summary>Every fault ends, and the operator does what the alarms say.</summary>
    private void Mend()
    {
        _trace?.WriteLine($"{_world.Now.TotalSeconds,8:F3} ** everything is mended");
        foreach (var actor in _world.Monitors.Cast<Actor>().Concat(_world.Proxies).Concat(_world.Nodes).Concat(_world.Gates))
        {
            (actor.Wedged, actor.Mute) = (false, false);
            actor.Reconnect(_world);
        }
        foreach (var node in _world.Nodes)
        {
            if (node.Unreachable)
                node.ReachableSince = _world.Now;
            node.Unreachable = false;
            // A server that lost something without a release is restarted: then it may have it again.
            if (node.Up && _world.Truth.HasLost(node))
                node.Stop(_world);
            // One that is down may stay so for good: then others must have what it had (L1).
            node.Gone = node is { Index: 0, Up: false } && _random.Next(3) > 0;
            Up(node, _world);
            if (node is GatedNode gated)
                Mend(gated);
        }
        foreach (var monitor in _world.Monitors.Where(m => !m.Up))
            monitor.Start(_world);
        foreach (var proxy in _world.Proxies.Where(p => p.Gate is null))
            Up(proxy, _world, takesOver: true);
        foreach (var policy in _world.Views[^1].NodePolicies.Keys.ToArray())
            Delete(_world, _world.Keys.NodePolicy(policy));
        Calm();
        for (var i = 1; i <= 8; i++)
            At(FaultsEnd + TimeSpan.FromSeconds(20 * i), "the operator lifts what stands", _ => Calm());
    }

    private void Mend(GatedNode node)
    {
        foreach (var run in _world.Runs.Where(r => r.Index == node.Index))
            run.Frozen = false;
        var gates = node.Gates.Select(g => _world.Gates[g]).ToArray();
        foreach (var gate in gates.Where(g => g.Frozen))
            gate.Thaw(_world);
        if (node.Gone || !node.Up)
            return;
        // One gate for each node is left.
        foreach (var gate in gates.Where(g => g.Up).Skip(1))
            gate.Crash(_world);
        // Without a registration it has to be started anew.
        if (gates.FirstOrDefault(g => g.Up) is { } unregistered && !_world.Views[^1].Nodes.ContainsKey(node.Id))
            unregistered.Crash(_world);
        if (!gates.Any(g => g.Up))
            gates[0].Start(_world);
        if (!node.Supervised && !_world.Runs.Any(r => r.Index == node.Index))
            node.StartServer(_world);
    }

    private void Calm()
    {
        var view = _world.Views[^1];
        if (view.Policy.Frozen)
        {
            Put(_world, _world.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy
            {
                AcceptedLosses = [.. _world.Nodes.Select(n => n.Id)],
            }));
        }
        foreach (var instance in view.Proxies.Keys)
        {
            // Forgotten only when it is gone for certain.
            if (_world.Proxies.All(p => !p.Up || (p.Instance != instance && !p.Predecessors.Contains(instance))))
                Delete(_world, _world.Keys.Proxy(instance));
        }
    }

    private void CheckRest()
    {
        InvariantException? why = null;
        for (var at = FaultsEnd; at < RestBy; at += TimeSpan.FromSeconds(5))
        {
            RunUntil(at + TimeSpan.FromSeconds(5));
            why = Restless();
            if (why is null)
                break;
        }
        if (why is not null)
            throw why;
        foreach (var node in _world.Nodes.OrderBy(n => n.Index))
            node.Stop(_world);
        _world.Truth.CheckRows(_world);
    }

    private InvariantException? Restless()
    {
        var view = _world.Views[^1];
        if (_world.Monitors.Count(m => m.Up && m.Leads && m.LeaderRevision == view.Leader?.CreateRevision) != 1)
            return new InvariantException("L3", "there is no leader that knows it is");
        if (view.Moves.Count > 0)
            return new InvariantException("L2", $"the move of {view.Moves.First().Key} ({view.Moves.First().Value.Phase}) does not end");
        foreach (var id in _world.Options.Bases)
        {
            var owner = World.OwnerOf(view, id)?.Owner;
            if (owner is null || !view.Nodes.ContainsKey(owner))
                return new InvariantException("L1", $"{id} has no living owner ({owner})");
            foreach (var proxy in _world.Proxies.Where(p => p.Up || p.Gate is null))
            {
                var entry = proxy.Published.Find(id);
                if (entry.State != Core.Routing.EntryState.Open || entry.Owner?.Id != owner)
                    return new InvariantException("L4", $"{proxy.Instance} still holds requests for {id} ({entry.State}, {entry.Owner?.Id})");
            }
        }
        foreach (var monitor in _world.Monitors.Where(m => m.Leads))
        {
            if (monitor.State!.Writing.Count > 0)
                return new InvariantException("L3", $"it goes on writing {string.Join(", ", monitor.State.Writing)}");
        }
        return null;
    }
}
