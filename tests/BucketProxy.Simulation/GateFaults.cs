namespace BucketProxy.Simulation;

/// <summary>What goes wrong with gates and the servers behind them. Most of it comes with orders, so that moves are in its midst.</summary>
internal sealed class GateFaults(Random random, Simulator simulator)
{
    private readonly Operators _operators = new(random, simulator);

    /// <summary>Draws one and says when it shall begin.</summary>
    public (TimeSpan At, string What, Action<World> Act) Any(World world)
    {
        var gated = world.Nodes.OfType<GatedNode>().ToArray();
        var node = gated[random.Next(gated.Length)];
        var (index, id) = (node.Index, node.Id);
        var seconds = Between(0.5, 14);
        var at = TimeSpan.FromSeconds(Between(3, 40));
        return random.Next(23) switch
        {
            0 => (at, $"the gate of {id} is killed", w => KillGate(w, index, seconds)),
            1 => (at, $"the gate of {id} is killed and started at once", w => KillGate(w, index, 0)),
            2 or 3 => (at, $"the gate of {id} is frozen for {seconds:F1} s", w => FreezeGate(w, index, seconds, another: false)),
            4 or 5 => (at, $"the gate of {id} is frozen for {seconds:F1} s, and another started at once", w => FreezeGate(w, index, seconds, another: true)),
            6 => (at, $"the gate and the server of {id} are frozen for {seconds:F1} s", w =>
            {
                FreezeServer(w, index, seconds);
                FreezeGate(w, index, seconds, another: random.Next(2) == 0);
            }
            ),
            7 => (at, $"the server of {id} is frozen for {seconds:F1} s", w => FreezeServer(w, index, seconds)),
            8 or 9 => (at, $"the server of {id} is killed", w => KillServer(w, index)),
            10 => (at, $"the server of {id} ends by itself, and has saved", w => EndServer(w, index)),
            11 or 12 => (at, $"the gate of {id} is cut off from the store", w => CutGate(w, index, seconds)),
            13 => (at, $"another gate of {id} starts", StartAnother(index)),
            14 => (at, $"the lease of the gate of {id} ends early", w => EndLease(w, index)),
            17 => (at, $"the gate of {id} is frozen while a renewal is under way, and cut off from the store", w => FreezeRenewing(w, index)),
            18 => (at, $"the gate of {id} is frozen amid requests, and its server killed", w => FreezeAmidRequests(w, index)),
            19 => (at, $"the loops of the gate of {id} stall, and its server is killed", w => Stall(w, index)),
            20 => (at, $"somebody deletes the registration of {id}", w => Simulator.Delete(w, w.Keys.Node(id))),
            21 or 22 => (at, $"the server of {id} is killed while the leader's link is slow", w => KillWhileSlow(w, index)),
            15 => (at, $"the link of the gate of {id} is slow", w => Slow(w, index, seconds)),
            _ => (at, $"the server of {id} is killed while the leader crashes", w =>
            {
                KillServer(w, index);
                KillLeader(w, seconds);
            }
            ),
        };
    }

    private double Between(double from, double to) => from + (to - from) * random.NextDouble();

    private static GatedNode Node(World world, int index) => (GatedNode)world.Nodes[index];

    private static IEnumerable<GateActor> Up(World world, int index) => Node(world, index).Gates.Select(g => world.Gates[g]).Where(g => g.Up);

    private void KillGate(World world, int index, double seconds)
    {
        foreach (var gate in Up(world, index))
            gate.Crash(world);
        if (random.Next(2) == 0)
            _operators.Orders(world, 3);
        simulator.After(seconds, "a gate starts", w => StartFirst(w, index));
    }

    private static void StartFirst(World world, int index)
    {
        if (Node(world, index).Up && !Up(world, index).Any())
            world.Gates[Node(world, index).Gates[0]].Start(world);
    }

    // G7: what is still there keeps its key until it has ended; the other one waits. Where no gate supervises the server, what an earlier one has
    // under way outlives its lease: that two of those never stand before one server is an assumption.
    private static Action<World> StartAnother(int index) => world =>
    {
        if (Node(world, index) is { Up: true } node && (node.Supervised || !Up(world, index).Any()) && Node(world, index).Gates.Select(g => world.Gates[g]).FirstOrDefault(g => !g.Up) is { } other)
            other.Start(world);
    };

    private void FreezeGate(World world, int index, double seconds, bool another)
    {
        foreach (var gate in Up(world, index).Where(g => !g.Frozen).ToArray())
        {
            gate.Freeze();
            var run = gate.Run;
            simulator.After(seconds, $"{gate.Instance} is thawed", w =>
            {
                if (w.Gates[gate.Index] is { Frozen: true, Up: true } frozen && frozen.Run == run)
                    frozen.Thaw(w);
            });
        }
        if (another)
            simulator.After(Between(0, 2), "another gate starts", StartAnother(index));
        _operators.Orders(world, 3);
    }

    // The answer waits in its socket. Counted from then, the lease would live longer than it does.
    private void FreezeRenewing(World world, int index)
    {
        foreach (var gate in Up(world, index).Where(g => !g.Frozen).ToArray())
            gate.Renew(world);
        FreezeGate(world, index, Between(2, 5), another: false);
        CutGate(world, index, Between(8, 14));
    }

    // Some of them are admitted by then and not sent.
    private void FreezeAmidRequests(World world, int index)
    {
        foreach (var proxy in world.Proxies.Where(p => p.Up && p.Gate is null).ToArray())
        {
            foreach (var id in world.Options.Bases)
                simulator.Forward(world, proxy.Index, id);
        }
        simulator.After(Between(0.005, 0.05), "the gate is frozen", w => FreezeGate(w, index, Between(0.5, 9), another: random.Next(2) == 0));
        simulator.After(Between(0.05, 1), "its server is killed", w => KillServer(w, index));
    }

    private void Stall(World world, int index)
    {
        foreach (var gate in Up(world, index))
            gate.StalledUntil = world.Now + TimeSpan.FromSeconds(Between(1, 4));
        KillServer(world, index);
    }

    private void FreezeServer(World world, int index, double seconds)
    {
        foreach (var run in world.Runs.Where(r => r.Index == index).ToArray())
        {
            run.Frozen = true;
            simulator.After(seconds, $"{run.Incarnation} is thawed", w =>
            {
                if (w.RunOf(run.Incarnation) is { } still)
                    still.Frozen = false;
            });
        }
        _operators.Orders(world, 2);
    }

    private void KillServer(World world, int index)
    {
        foreach (var run in world.Runs.Where(r => r.Index == index).ToArray())
            world.EndRun(run, hasSaved: false);
        Restart(index);
        if (random.Next(2) == 0)
            _operators.Orders(world, 3);
    }

    // It was not asked to: a gate cannot know that it has saved.
    private void EndServer(World world, int index)
    {
        foreach (var run in world.Runs.Where(r => r.Index == index).ToArray())
        {
            run.Save(world);
            world.EndRun(run, hasSaved: false);
        }
        Restart(index);
    }

    // What no gate supervises, somebody else starts again.
    private void Restart(int index) => simulator.After(Between(0.5, 3), "a server that no gate supervises starts", w =>
    {
        if (Node(w, index) is { Up: true, Supervised: false } node && !w.Runs.Exists(r => r.Index == index))
            node.StartServer(w);
    });

    private void CutGate(World world, int index, double seconds)
    {
        foreach (var gate in Up(world, index))
        {
            foreach (var actor in new Actor[] { gate, gate.Part(world) })
            {
                actor.Cut = true;
                simulator.After(seconds, "a link to the store is mended", actor.Reconnect);
            }
        }
        _operators.Orders(world, 4);
    }

    private void Slow(World world, int index, double seconds)
    {
        foreach (var gate in Up(world, index))
        {
            foreach (var actor in new Actor[] { gate, gate.Part(world) })
            {
                actor.Slow = true;
                simulator.After(seconds, "a link to the store is fast again", _ => actor.Slow = false);
            }
        }
        KillServer(world, index);
        _operators.Orders(world, 3);
    }

    private static void EndLease(World world, int index)
    {
        if (world.Store.Find(world.Keys.Gate(Node(world, index).Id)) is not { LeaseId: not 0 } key)
            return;
        if (Node(world, index).Supervised)
            world.Truth.OnEarlyEnd(world, Node(world, index));
        world.Revoke(key.LeaseId);
    }

    // The grant that the death gave cause for arrives when the next run is there.
    private void KillWhileSlow(World world, int index)
    {
        foreach (var leader in world.Monitors.Where(m => m is { Up: true, Leads: true }))
        {
            leader.Slow = true;
            simulator.After(8, "a link to the store is fast again", _ => leader.Slow = false);
        }
        KillServer(world, index);
    }

    private void KillLeader(World world, double seconds)
    {
        if (Array.Find(world.Monitors, m => m is { Up: true, Leads: true }) is not { } leader)
            return;
        leader.Crash();
        simulator.After(seconds, "a monitor starts", w =>
        {
            if (!w.Monitors[leader.Index].Up)
                w.Monitors[leader.Index].Start(w);
        });
    }
}
