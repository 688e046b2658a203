using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;

namespace BucketProxy.Simulation;

/// <summary>Everything that may happen next in a search.</summary>
internal static class Steps
{
    /// <summary>Everything that may happen next, each with what it costs.</summary>
    public static IEnumerable<(string Label, Func<World, ExplorerNetwork, Bounds> Act)> Next(World world, ExplorerNetwork network, Bounds left)
    {
        for (var i = 0; i < network.Pending.Count; i++)
        {
            var at = i;
            var (due, message) = network.Pending[i];
            // A monitor that stands by looks up only to see that nobody leads.
            if (due > world.Now || (message is ViewDelivery { To.Role: Role.Monitor } seen
                && !world.Monitors[seen.To.Index].Leads && world.Views[^1].Leader is not null))
            {
                continue;
            }
            yield return (Explorer.Label(message), (w, n) =>
            {
                var taken = n.Take(at);
                (taken is ViewDelivery view ? new NewestView(view.To) : taken).Deliver(w);
                return left;
            }
            );
            if (left.LostAnswers > 0 && message is StoreRequest { ReplyIsLost: false } request)
            {
                yield return ($"{request.From.Role} {request.From.Index} gives {((WriteCall)request.Call).Subject} up", (w, n) =>
                {
                    n.Replace(at, request with { ReplyIsLost = true });
                    new StoreCallFailed(request.From, request.Call).Deliver(w);
                    return left with { LostAnswers = left.LostAnswers - 1 };
                }
                );
            }
        }
        // That a server which watches sees the map before any time has passed is the assumption of its mode.
        if (left.Jumps > 0 && !network.Pending.Any(p => p.Message is NodeSeesMap) && network.Pending.Where(p => p.Due > world.Now).Select(p => (TimeSpan?)p.Due).Min() is { } later)
        {
            yield return ($"time passes ({(later - world.Now).TotalSeconds:F1} s)", (w, _) =>
            {
                w.Now = later;
                return left with { Jumps = left.Jumps - 1 };
            }
            );
        }
        foreach (var proxy in world.Proxies.Where(p => left.Requests > 0 && p.Up))
        {
            foreach (var id in world.Options.Bases)
            {
                if (proxy.Published.Find(id).State != Core.Routing.EntryState.Open)
                    continue;
                yield return ($"proxy {proxy.Index} forwards a request for {(Simulator.PinnedBase.Covers(id) ? "the pinned base" : "a base")}", (w, _) =>
                {
                    w.Proxies[proxy.Index].TryForward(w, 100 - left.Requests, id);
                    return left with { Requests = left.Requests - 1 };
                }
                );
            }
        }
        if (left.Joins > 0 && !world.Proxies[1].Up)
        {
            yield return ("proxy 1 starts", (w, _) =>
            {
                w.Proxies[1].Start(w, takesOver: false);
                return left with { Joins = left.Joins - 1 };
            }
            );
        }
        if (left.LeaderLosses > 0 && world.Store.Find(world.Keys.Leader) is { } leader)
        {
            yield return ("the leader's lease ends", (w, _) =>
            {
                w.Revoke(leader.LeaseId);
                return left with { LeaderLosses = left.LeaderLosses - 1 };
            }
            );
        }
        if (left.ProxyLosses > 0)
        {
            foreach (var alive in world.Store.Read([world.Keys.Alives]).Entries)
            {
                yield return ($"the lease of {alive.Key[world.Keys.Alives.Length..]} ends", (w, _) =>
                {
                    w.Revoke(alive.LeaseId);
                    return left with { ProxyLosses = left.ProxyLosses - 1 };
                }
                );
            }
        }
        foreach (var step in Operators(world, left).Concat(GateSteps.Next(world, left)))
            yield return step;
    }

    private static IEnumerable<(string Label, Func<World, ExplorerNetwork, Bounds> Act)> Operators(World world, Bounds left)
    {
        var view = world.Views[^1];
        if (left.NodeLosses > 0)
        {
            foreach (var node in world.Nodes)
            {
                if (world.Store.Find(world.Keys.Node(node.Id)) is { } registered)
                {
                    yield return ($"node {node.Index} lives, but neither the store nor the monitors hear of it", (w, _) =>
                    {
                        w.Nodes[node.Index].Unreachable = true;
                        w.Revoke(registered.LeaseId);
                        return left with { NodeLosses = left.NodeLosses - 1 };
                    }
                    );
                }
                else
                {
                    yield return ($"node {node.Index} is heard of again", (w, _) =>
                    {
                        w.Nodes[node.Index].Unreachable = false;
                        w.Nodes[node.Index].OnTick(w, "lease", 0);
                        return left with { NodeLosses = left.NodeLosses - 1 };
                    }
                    );
                }
            }
        }
        if (left.Orders > 0 && view.Rebalance is null or { Done: true } && view.Assignments.TryGetValue(new Bucket(0), out var grant))
        {
            yield return ("an order moves the bucket to the other node", (w, _) =>
            {
                Situations.Order(w, grant.Owner);
                return left with { Orders = left.Orders - 1 };
            }
            );
        }
        if (left.Drains > 0 && view.Moves.Count > 0)
        {
            var target = view.Moves.Values.First().To;
            yield return ($"{target} is drained", (w, _) =>
            {
                Simulator.Put(w, w.Keys.NodePolicy(target), RecordJson.Write(new NodePolicy { Draining = true }));
                return left with { Drains = left.Drains - 1 };
            }
            );
        }
        foreach (var step in Losses(world, left))
            yield return step;
        if (left.ForeignWrites > 0 && world.Nodes[1].Run == 0)
        {
            yield return ("somebody gives the bucket to node 1, of which nobody ever heard", (w, _) =>
            {
                Simulator.Put(w, w.Keys.Assignment(new Bucket(0)), w.Nodes[1].Id);
                return left with { ForeignWrites = left.ForeignWrites - 1 };
            }
            );
        }
        if (left.NewNodes > 0 && world.Nodes[1] is { Run: 0, Up: false })
        {
            yield return ("node 1 starts for the first time", (w, _) =>
            {
                w.Nodes[1].Start(w);
                return left with { NewNodes = left.NewNodes - 1 };
            }
            );
        }
        if (left.ForeignWrites > 0 && view.Moves.Count > 0)
        {
            yield return ("somebody else writes the bucket's owner anew", (w, _) =>
            {
                Simulator.Put(w, w.Keys.Assignment(new Bucket(0)), view.Moves.Values.First().From!);
                return left with { ForeignWrites = left.ForeignWrites - 1 };
            }
            );
        }
    }

    private static IEnumerable<(string Label, Func<World, ExplorerNetwork, Bounds> Act)> Losses(World world, Bounds left)
    {
        if (left.Unregistrations > 0 && world.Store.Find(world.Keys.Node(world.Nodes[0].Id)) is { } registered)
        {
            yield return ("the registration of node 0 is lost, and it answers", (w, _) =>
            {
                w.Revoke(registered.LeaseId);
                return left with { Unregistrations = left.Unregistrations - 1 };
            }
            );
        }
        if (left.Forgets > 0 && world.Store.Find(world.Keys.Proxy(world.Proxies[0].Instance)) is not null)
        {
            yield return ("an operator has proxy 0 forgotten, which lives", (w, _) =>
            {
                Simulator.Delete(w, w.Keys.Proxy(w.Proxies[0].Instance));
                w.Truth.OnForgotten(w, w.Proxies[0].Instance);
                return left with { Forgets = left.Forgets - 1 };
            }
            );
        }
        if (left.Crashes > 0 && world.Store.Find(world.Keys.Leader) is { } leader
            && Array.FindIndex(world.Monitors, m => m.Up && m.LeaderRevision == leader.CreateRevision) is >= 0 and var leads)
        {
            yield return ("the leader's process ends", (w, _) =>
            {
                w.Monitors[leads].Crash();
                w.Revoke(leader.LeaseId);
                return left with { Crashes = left.Crashes - 1 };
            }
            );
        }
        if (left.Successors > 0)
        {
            yield return ("proxy 0 ends, and its successor starts from its disk", (w, _) =>
            {
                w.Proxies[0].Crash(w);
                w.Proxies[0].Start(w, takesOver: true);
                return left with { Successors = left.Successors - 1 };
            }
            );
        }
    }
}
