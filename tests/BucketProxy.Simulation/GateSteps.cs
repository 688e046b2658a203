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
            yield return ("a second passes", (w, n) =>
            {
                w.Now += Second;
                // G5: before the store can end the lease.
                if ((w.Options.Mutation.World & WorldMutations.NoFuse) == 0)
                {
                    foreach (var run in w.Runs.Where(r => r.KillAt <= w.Now).ToArray())
                        w.EndRun(run, hasSaved: false);
                }
                foreach (var gate in w.Gates.Where(g => g.Up && g.Index >= GateSituations.Prompt))
                    gate.Renew(w);
                n.Settle(w);
                w.ExpireLeases();
                n.DropLate(w);
                n.Prompt(w);
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
}
