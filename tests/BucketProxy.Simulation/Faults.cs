using BucketProxy.Cluster.View;

namespace BucketProxy.Simulation;

/// <summary>
/// What goes wrong, and when operators do something (<see cref="Operators"/>), drawn by lot. Many a danger needs two things at
/// once, so most faults come with a move that is ordered into their midst.
/// </summary>
internal sealed class Faults(Random random, Simulator simulator)
{
    private readonly Random _random = random;
    private readonly Operators _operators = new(random, simulator);

    /// <summary>Draws one and says when it shall begin.</summary>
    public (TimeSpan At, string What, Action<World> Act) Any()
    {
        var monitor = _random.Next(2);
        var proxy = _random.Next(3);
        var node = _random.Next(4);
        var bucket = _random.Next(4);
        var seconds = Between(0.5, 15);
        var at = TimeSpan.FromSeconds(Between(3, 38));
        return _random.Next(30) switch
        {
            0 => (at, $"monitor {monitor} crashes for {seconds:F1} s", w => CrashMonitor(w, monitor, seconds)),
            1 or 2 => (at, "the leader crashes", w => CrashMonitor(w, Leader(w), seconds)),
            3 => (at, "the leader is cut off from the store", w => Cut(w.Monitors[Leader(w)], seconds)),
            4 => (at, "the leader's link is slow", w => Slow(w.Monitors[Leader(w)], seconds)),
            5 => (at, $"proxy {proxy} crashes and comes back as its own successor", w => CrashProxy(w, proxy, seconds, takesOver: true)),
            6 => (at, $"proxy {proxy} crashes; an operator forgets it", w => CrashProxy(w, proxy, seconds, takesOver: false)),
            7 or 8 => (at, $"proxy {proxy} is cut off from the store", w => CutProxy(w, proxy)),
            9 => (at, $"the link of proxy {proxy} is slow", w => Slow(w.Proxies[proxy], seconds)),
            10 => (at, $"the watch of proxy {proxy} is wedged", w => Wedge(w, w.Proxies[proxy])),
            11 => (at, "a proxy restarts into a move", w => Rejoin(w, proxy)),
            28 => (at, $"a read by proxy {proxy} takes long", w => ReadLate(w, proxy)),
            27 => (at, $"proxy {proxy} comes back from its disk while moves stand", w => ComeBack(w, proxy)),
            12 => (at, $"an operator forgets proxy {proxy}, which lives", w => ForgetAlive(w, proxy)),
            13 => (at, $"node {node} crashes for {seconds:F1} s", w => CrashNode(w, node, seconds)),
            14 => (at, $"node {node} crashes for long", w => CrashNode(w, node, 20 + seconds)),
            15 => (at, $"node {node} loses the store for long", w => CutNode(w, node, 16 + seconds)),
            16 => (at / 4, $"node {node} is taken for dead", w => TakeForDead(w, node)),
            17 => (at, $"node {node} cannot be reached by monitors for {seconds:F1} s", w => Hide(w, node, seconds)),
            18 => (at, "a lease is lost early", LoseLease),
            19 or 20 => (at, $"node {node} is drained for {seconds:F1} s", w => _operators.Drain(w, node, seconds)),
            21 => (at, $"the pin goes to node {node} for {seconds:F1} s", w => _operators.SetPin(w, node, seconds)),
            22 => (at, "buckets are ordered", w => _operators.Orders(w, 6)),
            23 => (at, "a move's target is lost while nobody sees it", w => DuringMove(w, LoseTarget)),
            24 => (at, "a move's target is drained while the leader's link is slow", w => DuringMove(w, DrainTarget)),
            25 => (at / 2, "somebody gives a bucket to node 3, which comes while the leader's link is slow", NameTheLate),
            26 => (at / 2, $"proxy {proxy} loses its lease, gets another, and cannot write", w => LoseLeaseAndWrites(w, proxy)),
            _ => (at, "somebody else writes a bucket that moves, and nobody sees it", w => DuringMove(w, (v, move) =>
            {
                Blind(v, 1.5);
                Simulator.Put(v, v.Keys.Assignment(move.Bucket), v.Nodes[node].Id);
            })),
        };
    }

    private double Between(double from, double to) => from + (to - from) * _random.NextDouble();

    private static int Leader(World world) => Math.Max(0, Array.FindIndex(world.Monitors, m => m is { Up: true, Leads: true }));

    private void CrashMonitor(World world, int index, double seconds)
    {
        if (!world.Monitors[index].Up)
            return;
        world.Monitors[index].Crash();
        simulator.After(seconds, $"monitor {index} starts", w =>
        {
            if (!w.Monitors[index].Up)
                w.Monitors[index].Start(w);
        });
        _operators.Orders(world, 3);
    }

    private void Cut(Actor actor, double seconds)
    {
        actor.Cut = true;
        simulator.After(seconds, "a link to the store is mended", actor.Reconnect);
    }

    private void Slow(Actor actor, double seconds)
    {
        actor.Slow = true;
        simulator.After(seconds, "a link to the store is fast again", _ => actor.Slow = false);
        simulator.After(Between(0, 2), "buckets are ordered", w => _operators.Orders(w, 4));
    }

    private void CutProxy(World world, int index)
    {
        Cut(world.Proxies[index], Between(2, 25));
        _operators.Orders(world, 14);
    }

    private void Wedge(World world, Actor actor)
    {
        // A re-read finds a wedged watch out, early enough for the table to be at most 5 s old (S8).
        actor.Wedged = true;
        var blind = (world.Options.Mutation.World & WorldMutations.NeverReread) != 0 ? 20 : Between(0, 3);
        simulator.After(blind, "a watch is mended", _ => actor.Wedged = false);
        _operators.Orders(world, 2);
    }

    private void CrashProxy(World world, int index, double seconds, bool takesOver)
    {
        var proxy = world.Proxies[index];
        if (!proxy.Up)
            return;
        var instance = proxy.Instance;
        proxy.Crash(world);
        if (!takesOver)
            simulator.After(2 + seconds, $"{instance} is forgotten", w => Simulator.Delete(w, w.Keys.Proxy(instance)));
        simulator.After(2 + seconds, $"proxy {index} starts", w => Simulator.Up(w.Proxies[index], w, takesOver));
    }

    private void Rejoin(World world, int index)
    {
        var proxy = world.Proxies[index];
        if (!proxy.Up)
            return;
        proxy.Crash(world);
        simulator.After(2, $"proxy {index} starts, on a slow link", w =>
        {
            w.Proxies[index].Slow = true;
            Simulator.Up(w.Proxies[index], w, takesOver: true);
            _operators.Orders(w, 1);
        });
        simulator.After(2 + Between(1, 8), "a link to the store is fast again", w => w.Proxies[index].Slow = false);
    }

    private void ReadLate(World world, int index)
    {
        var (to, revision) = (world.Proxies[index].Ref, world.Store.Revision);
        simulator.After(Between(0.1, 3), $"it brings revision {revision}", w =>
        {
            if (w.IsRunning(to))
                w.ShowOld(to, revision);
        });
        _operators.Orders(world, 2);
    }

    /// <summary>A successor sends by the table on disk before it hears of moves that were begun while its predecessor was the one
    /// to be waited for.</summary>
    private void ComeBack(World world, int index)
    {
        var proxy = world.Proxies[index];
        if (!proxy.Up)
            return;
        proxy.Crash(world);
        _operators.Orders(world, 2);
        simulator.After(Between(0.1, 1.5), $"proxy {index} starts from its disk", w =>
        {
            Simulator.Up(w.Proxies[index], w, takesOver: true);
            foreach (var id in w.Options.Bases)
                simulator.Forward(w, index, id);
        });
    }

    private void ForgetAlive(World world, int index)
    {
        var proxy = world.Proxies[index];
        if (!proxy.Up)
            return;
        var instance = proxy.Instance;
        var away = Between(11, 16);
        Cut(proxy, away);
        simulator.After(Between(10, away), $"{instance} is forgotten", w =>
        {
            Simulator.Delete(w, w.Keys.Proxy(instance));
            var meant = w.Proxies[index];
            if (meant.Instance != instance && !meant.Predecessors.Contains(instance))
                return;
            // It lives, or a successor that goes on by its table: the record is what makes anybody wait for it. If there is none,
            // the operator's word is that its directory is not used again.
            if (meant.Up)
                w.Truth.OnForgotten(w, meant.Instance);
            else
                meant.LoseDisk();
        });
        simulator.After(away + 1, "buckets are ordered", w => _operators.Orders(w, 5));
    }

    private void CrashNode(World world, int index, double seconds)
    {
        if (!world.Nodes[index].Up)
            return;
        world.Nodes[index].Crash(world);
        simulator.After(seconds, $"node {index} starts", w => Simulator.Up(w.Nodes[index], w));
    }

    private void CutNode(World world, int index, double seconds)
    {
        // That a watching server sees the map in time is the assumption of its mode: cut off, it would not.
        if (world.Nodes[index].Mode != ReleaseMode.Watch)
            Cut(world.Nodes[index], seconds);
    }

    /// <summary>It lives, but neither the store nor the monitors hear of it: its buckets go. Then it comes back, and somebody
    /// wants to give it everything (S9).</summary>
    private void TakeForDead(World world, int index)
    {
        Cut(world.Nodes[index], 22);
        Hide(world, index, 21.5);
        simulator.After(23, "buckets are ordered to it", w => Operators.Order(w, index));
        simulator.After(26, "buckets are ordered to it", w => Operators.Order(w, index));
    }

    private void Hide(World world, int index, double seconds)
    {
        world.Nodes[index].Unreachable = true;
        simulator.After(seconds, $"node {index} can be reached again", w =>
        {
            w.Nodes[index].Unreachable = false;
            w.Nodes[index].ReachableSince = w.Now;
        });
    }

    private void LoseLease(World world)
    {
        _operators.Orders(world, 1);
        simulator.After(Between(0, 1), "the lease", w =>
        {
            var own = w.Store.Read([w.Keys.Leader, w.Keys.Alives]).Entries;
            if (own.Count > 0)
                w.Revoke(own[_random.Next(own.Count)].LeaseId);
        });
    }

    /// <summary>A new lease without a key under it says nothing to anybody: monitors see a proxy that is lost.</summary>
    private void LoseLeaseAndWrites(World world, int index)
    {
        var proxy = world.Proxies[index];
        if (world.Store.Find(world.Keys.Alive(proxy.Instance)) is not { LeaseId: not 0 } alive)
            return;
        proxy.Mute = true;
        simulator.After(18, $"proxy {index} can write again", _ => proxy.Mute = false);
        world.Revoke(alive.LeaseId);
        simulator.After(9, "buckets are ordered", w => _operators.Orders(w, 5));
    }

    /// <summary>Waits for a move, then lets something happen in its midst.</summary>
    private void DuringMove(World world, Action<World, MoveRecord> act, int patience = 40)
    {
        if (patience == 40)
            _operators.Orders(world, 3);
        if (world.Views[^1].Moves.Values.FirstOrDefault(m => m.Phase != MovePhase.Settling) is { } move)
            act(world, move);
        else if (patience > 0)
            simulator.After(0.05, "", w => DuringMove(w, act, patience - 1));
    }

    /// <summary>A leader takes back what somebody gave to a server that nobody ever heard of. What if it comes just then?</summary>
    private void NameTheLate(World world)
    {
        if (world.Nodes[3].Run > 0 || world.Views[^1].Assignments.Count == 0)
            return;
        var leader = world.Monitors[Leader(world)];
        leader.Slow = true;
        simulator.After(8, "a link to the store is fast again", _ => leader.Slow = false);
        foreach (var bucket in world.Options.Buckets)
            Simulator.Put(world, world.Keys.Assignment(bucket), world.Nodes[3].Id);
        simulator.After(Between(1, 4), "node 3 joins", w => Simulator.Up(w.Nodes[3], w));
    }

    private void Blind(World world, double seconds)
    {
        var leader = world.Monitors[Leader(world)];
        leader.Wedged = true;
        simulator.After(seconds, "a watch is mended", _ => leader.Wedged = false);
    }

    private void LoseTarget(World world, MoveRecord move)
    {
        Blind(world, 1.5);
        if (world.Store.Find(world.Keys.Node(move.To)) is not { LeaseId: var lease and not 0 })
            return;
        if (world.Nodes[world.NodeIndex(move.To)] is GatedNode { Supervised: true } gated)
            world.Truth.OnEarlyEnd(world, gated);
        world.Revoke(lease);
    }

    private void DrainTarget(World world, MoveRecord move)
    {
        var leader = world.Monitors[Leader(world)];
        leader.Slow = true;
        simulator.After(2, "a link to the store is fast again", _ => leader.Slow = false);
        simulator.After(2, $"{move.To} is drained", w => _operators.Drain(w, w.NodeIndex(move.To), 6));
    }
}
