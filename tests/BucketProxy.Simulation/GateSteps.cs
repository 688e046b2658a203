namespace BucketProxy.Simulation;

/// <summary>What may happen next to gates and the servers behind them, in a search.</summary>
internal static class GateSteps
{
    /// <summary>A gate acts in time or not at all, as the search chooses; the fuse and the store do not wait for it.</summary>
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static IEnumerable<(string Label, Func<World, ExplorerNetwork, Bounds> Act)> Next(World world, Bounds left)
    {
        if (left.Ticks > 0)
        {
            yield return (left.Seconds == 1 ? "a second passes" : $"{left.Seconds} seconds pass", (w, n) =>
            {
                for (var i = 0; i < left.Seconds; i++)
                    Pass(w, n);
                return left with { Ticks = left.Ticks - 1 };
            }
            );
        }
        if (left.Exits > 0)
        {
            foreach (var run in world.Runs.Where(r => r.Index == 0))
            {
                yield return ($"{run.Incarnation} dies", (w, _) =>
                {
                    w.EndRun(w.RunOf(run.Incarnation)!, hasSaved: false);
                    return left with { Exits = left.Exits - 1 };
                }
                );
            }
        }
        foreach (var gate in world.Gates)
        {
            if (left.Renewals > 0 && gate is { Up: true, Index: < GateSituations.Prompt })
            {
                yield return ($"gate {gate.Index} sends a renewal of its lease", (w, _) =>
                {
                    w.Gates[gate.Index].Renew(w);
                    return left with { Renewals = left.Renewals - 1 };
                }
                );
            }
            if (left.GateDeaths > 0 && gate is { Up: true, Index: < GateSituations.Prompt })
            {
                yield return ($"gate {gate.Index} dies", (w, _) =>
                {
                    w.Gates[gate.Index].Crash(w);
                    return left with { GateDeaths = left.GateDeaths - 1 };
                }
                );
            }
            if (left.GateStarts > 0 && gate is { Up: false, Index: < GateSituations.Prompt })
            {
                yield return ($"gate {gate.Index} starts again", (w, _) =>
                {
                    w.Gates[gate.Index].Start(w);
                    return left with { GateStarts = left.GateStarts - 1 };
                }
                );
            }
            if (left.SecondGates > 0 && !gate.Up && gate.Node == 0)
            {
                yield return ($"gate {gate.Index} starts, the second one of node {gate.Node}", (w, _) =>
                {
                    w.Gates[gate.Index].Start(w);
                    return left with { SecondGates = left.SecondGates - 1 };
                }
                );
            }
        }
        if (left.Deletions > 0 && world.Store.Find(world.Keys.Node(world.Nodes[0].Id)) is not null)
        {
            yield return ("somebody deletes the registration of node 0", (w, _) =>
            {
                Simulator.Delete(w, w.Keys.Node(w.Nodes[0].Id));
                return left with { Deletions = left.Deletions - 1 };
            }
            );
        }
    }

    private static void Pass(World world, ExplorerNetwork network)
    {
        world.Now += Second;
        // G5: before the store can end the lease.
        if ((world.Options.Mutation.World & WorldMutations.NoFuse) == 0)
        {
            foreach (var run in world.Runs.Where(r => r.IsFused && r.KillAt <= world.Now).ToArray())
                world.EndRun(run, hasSaved: false);
        }
        foreach (var gate in world.Gates.Where(g => g.Up && g.Index >= GateSituations.Prompt))
            gate.Renew(world);
        network.Settle(world);
        world.ExpireLeases();
        network.DropLate(world);
        network.Prompt(world);
    }
}
