using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Simulation;

/// <summary>How often each thing may happen from outside, at most: the bounds of a search.</summary>
internal sealed record Bounds
{
    public required string Name { get; init; }

    /// <summary>Requests that clients send.</summary>
    public int Requests { get; init; }

    /// <summary>Times at which the clock jumps to the next timer, with everything else still under way.</summary>
    public int Jumps { get; init; }

    /// <summary>Proxies that join late.</summary>
    public int Joins { get; init; }

    /// <summary>Times at which the leader's lease ends and it does not know.</summary>
    public int LeaderLosses { get; init; }

    /// <summary>Writes whose outcome their sender never learns; they may be applied at any later time.</summary>
    public int LostAnswers { get; init; }

    /// <summary>Times at which a proxy's lease ends.</summary>
    public int ProxyLosses { get; init; }

    /// <summary>Times at which the lease of a node that lives ends, and comes again.</summary>
    public int NodeLosses { get; init; }

    /// <summary>Further orders, each moving the bucket to the other node.</summary>
    public int Orders { get; init; }

    /// <summary>Times at which an operator takes an order's move back by draining its target.</summary>
    public int Drains { get; init; }

    /// <summary>Times at which somebody else writes the bucket's owner.</summary>
    public int ForeignWrites { get; init; }

    public ReleaseMode Mode { get; init; } = ReleaseMode.Call;

    public StoreLossMode Proxies { get; init; } = StoreLossMode.Serve;

    /// <summary>The pinned base is wished on the other node, and the order moves nothing.</summary>
    public bool PinMoves { get; init; }
}

/// <summary>What a search came to.</summary>
internal sealed record ExplorerResult(
    Bounds Bounds, int States, int Transitions, int Depth, bool Complete, InvariantException? Violation, IReadOnlyList<string> Trace, TimeSpan Took);

/// <summary>
/// Breadth-first search through every interleaving, within bounds, of two monitors, two proxies (one joins late), two nodes,
/// one bucket and one pinned base of it. A breach is found with a shortest trace.
/// </summary>
internal sealed class Explorer
{
    private static readonly BasePrefix Pin = Simulator.PinnedBase;

    private readonly Bounds _bounds;
    private readonly Mutation _mutation;
    private readonly int _limit;
    private readonly HashSet<UInt128> _seen = [];
    private readonly List<(int Parent, string Step)> _steps = [(-1, "start")];
    private readonly Queue<(World World, ExplorerNetwork Network, Bounds Left, int Step, int Depth)> _open = new();

    public Explorer(Bounds bounds, Mutation mutation, int limit)
    {
        _bounds = bounds;
        _mutation = mutation;
        _limit = limit;
    }

    public ExplorerResult Run()
    {
        var watch = Stopwatch.StartNew();
        var transitions = 0;
        var depth = 0;
        var current = 0;
        try
        {
            var (world, network) = Begin();
            Visit(world, network, _bounds, 0, 0);
            while (_open.TryDequeue(out var state) && _seen.Count < _limit)
            {
                depth = state.Depth;
                foreach (var (label, act) in Next(state.World, state.Network, state.Left))
                {
                    transitions++;
                    var copied = new ExplorerNetwork(state.Network.Pending);
                    var next = state.World.Clone(copied);
                    _steps.Add((state.Step, label));
                    current = _steps.Count - 1;
                    var left = act(next, copied);
                    copied.Settle(next);
                    if (!Visit(next, copied, left, current, state.Depth + 1))
                        _steps.RemoveAt(current);
                }
            }
        }
        catch (InvariantException e)
        {
            return new ExplorerResult(_bounds, _seen.Count, transitions, depth + 1, false, e, TraceOf(current), watch.Elapsed);
        }
        return new ExplorerResult(_bounds, _seen.Count, transitions, depth, _open.Count == 0, null, [], watch.Elapsed);
    }

    private List<string> TraceOf(int step)
    {
        var trace = new List<string>();
        for (; step > 0; step = _steps[step].Parent)
            trace.Add(_steps[step].Step);
        trace.Reverse();
        return trace;
    }

    private bool Visit(World world, ExplorerNetwork network, Bounds left, int step, int depth)
    {
        var words = new StringBuilder(4096);
        foreach (var entry in world.Store.Read([""]).Entries)
        {
            if (!entry.Key.StartsWith(world.Keys.Audits, StringComparison.Ordinal))
                words.Append(entry.Key).Append('=').Append(entry.Text).Append('@').Append(entry.CreateRevision).Append('/').Append(entry.ModRevision).Append('\n');
        }
        foreach (var monitor in world.Monitors)
            words.AppendLine(monitor.Describe());
        foreach (var proxy in world.Proxies)
            words.AppendLine(proxy.Describe());
        foreach (var node in world.Nodes)
            words.AppendLine(node.Describe());
        foreach (var message in network.Pending.Select(p => $"{(p.Message is Tick ? p.Due : TimeSpan.Zero)} {Words(p.Message)}").Order(StringComparer.Ordinal))
            words.AppendLine(message);
        words.AppendLine(world.Truth.Describe()).Append(world.Now).Append(left);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(words.ToString()));
        if (!_seen.Add(new UInt128(BitConverter.ToUInt64(hash, 0), BitConverter.ToUInt64(hash, 8))))
            return false;
        _open.Enqueue((world, network, left, step, depth));
        return true;
    }

    private static string Words(Message message) => message switch
    {
        StoreRequest { Call: WriteCall write } request => $"{request.From} writes {write.Subject} {write.LeaderRevision} {request.ReplyIsLost} "
            + string.Join(',', write.Transaction.Comparisons.Select(c => $"{c.Key}:{c.Target}:{c.Number}"))
            + string.Join(',', write.Transaction.Success.Select(o => o is PutOperation p && !p.Key.Contains("audit") ? p.Key + Encoding.UTF8.GetString(p.Value.Span) : o.GetType().Name)),
        Outside outside => outside.What,
        _ => message.ToString(),
    };

    private static string Label(Message message) => message switch
    {
        StoreRequest { Call: WriteCall write } request => $"{request.From.Role} {request.From.Index}: {write.Subject} is applied",
        ViewDelivery view => $"{view.To.Role} {view.To.Index} sees the newest revision",
        ForwardedRequest request => $"request {request.Number} comes to node {request.Node}",
        RequestWork work => $"request {work.Request.Number} ends at node {work.Node.Index}",
        NodeSeesMap map => $"node {map.To.Index} sees the map",
        ReleaseRequest release => $"node {release.Node} is asked to release",
        ReleaseReply reply => $"monitor {reply.To.Index} hears: {reply.Failure ?? "released"}",
        Tick tick => $"a timer of {tick.To.Role} {tick.To.Index} goes off",
        Outside outside => outside.What,
        _ => message.GetType().Name,
    };

    /// <summary>Everything that may happen next, each with what it costs.</summary>
    private static IEnumerable<(string Label, Func<World, ExplorerNetwork, Bounds> Act)> Next(World world, ExplorerNetwork network, Bounds left)
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
            yield return (Label(message), (w, n) =>
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
        if (left.Jumps > 0 && network.Pending.Where(p => p.Due > world.Now).Select(p => (TimeSpan?)p.Due).Min() is { } later)
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
                yield return ($"proxy {proxy.Index} forwards a request for {(Pin.Covers(id) ? "the pinned base" : "a base")}", (w, _) =>
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
        foreach (var step in Operators(world, left))
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
                Order(w, grant.Owner);
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

    private static void Order(World world, string from) =>
        Simulator.Put(world, world.Keys.Rebalance, RecordJson.Write(new RebalanceOrder
        {
            Id = $"order-{world.Store.Revision}",
            Pending = [new PlannedMoveRecord("00", null, from, world.Nodes.First(n => n.Id != from).Id, MoveReason.Balance)],
        }));

    /// <summary>A cluster at rest: one leader, one proxy that serves, the bucket and its pinned base on node 0; then an order.</summary>
    private (World World, ExplorerNetwork Network) Begin()
    {
        var bucket = new Bucket(0);
        var nodes = new[] { new NodeActor(0, _bounds.Mode), new NodeActor(1, _bounds.Mode) };
        var network = new ExplorerNetwork();
        var hour = TimeSpan.FromHours(1);
        var world = new World(
            new WorldOptions
            {
                Buckets = [bucket],
                Bases = [BaseId.Parse("00000000000000000000000000000000"), BaseId.Parse(Pin.ToString())],
                Mutations = _mutation.Monitor,
                ProxyMutations = _mutation.Proxy,
                Monitor = new MonitorOptions
                {
                    Instance = "monitor",
                    LeaderLease = hour,
                    LeaderMargin = TimeSpan.FromSeconds(1),
                    PingInterval = hour,
                    NodeGrace = TimeSpan.Zero,
                    MassLossWindow = TimeSpan.FromSeconds(1),
                    Nodes = [.. nodes.Select(n => new NodeOptions { Id = n.Id, Register = false, Release = n.Mode })],
                    Placement = new PlacementOptions { Pins = [new PinOptions(Pin, nodes[0].Id)] },
                },
            },
            network,
            [new MonitorActor(0), new MonitorActor(1)],
            [new ProxyActor(0, _bounds.Proxies), new ProxyActor(1, _bounds.Proxies)],
            nodes);
        nodes[0].Start(world);
        Quiet(world, network);
        world.Monitors[0].Start(world);
        Quiet(world, network);
        world.Monitors[1].Start(world);
        nodes[1].Start(world);
        world.Proxies[0].Start(world, takesOver: false);
        Quiet(world, network);
        if (_bounds.PinMoves)
            Simulator.Put(world, world.Keys.PinPolicy(Pin), nodes[1].Id);
        else
            Order(world, nodes[0].Id);
        network.Settle(world);
        return (world, network);
    }

    /// <summary>Delivers whatever is due, in order, until nothing is.</summary>
    private static void Quiet(World world, ExplorerNetwork network)
    {
        network.Settle(world);
        while (network.Pending.FindIndex(p => p.Due <= world.Now) is >= 0 and var at)
        {
            network.Take(at).Deliver(world);
            network.Settle(world);
        }
    }
}
