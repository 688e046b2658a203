using BucketProxy.SystemTest.Cluster;
using BucketProxy.SystemTest.Load;
using BucketProxy.Testing.Processes;

namespace BucketProxy.SystemTest.Gates;

/// <summary>What disturbances of gated servers act on.</summary>
internal sealed record GateStage(GateCluster Cluster, Outcomes Outcomes, Random Random, IReadOnlyList<string> Bases, GateRunOptions Options);

/// <summary>Something that happens to one gated server.</summary>
/// <param name="Name">What it is called in the output.</param>
/// <param name="RunAsync">Does it, and ends with the cluster as it was.</param>
internal sealed record GateDisturbance(string Name, Func<GateStage, GateProcess, Task> RunAsync)
{
    /// <summary>In an order in which each meets what the one before left.</summary>
    public static IReadOnlyList<GateDisturbance> All { get; } =
    [
        new("kill -9 a server", KillServerAsync),
        new("kill -9 a gate", KillGateAsync),
        new("SIGSTOP a gate", FreezeGateAsync),
        new("cut a gate off from etcd", CutGateAsync),
        new("kill -9 a gate and its server", KillBothAsync),
        new("SIGSTOP a server", FreezeServerAsync),
        new("SIGSTOP a gate and its server", FreezeBothAsync),
        new("a proxy with an old table", OldTableAsync),
        new("rebalance by restart", RestartAsync),
    ];

    /// <summary>The control: what a fuse is for, without it.</summary>
    public static GateDisturbance KillWithoutFuse { get; } = new("kill -9 a gate whose fuse stands still, before a server that does not stop", KillWithoutFuseAsync);

    private static async Task KillServerAsync(GateStage stage, GateProcess gate)
    {
        await InFlightAsync(stage, () => SignalAsync("KILL", gate.Processes!.Value.Server));
        await GoneAndBackAsync(stage);
    }

    private static async Task KillGateAsync(GateStage stage, GateProcess gate)
    {
        using var old = stage.Outcomes.Excusing(gate.Authority);
        await InFlightAsync(stage, gate.KillAsync);
        await stage.Cluster.UntilSettledAsync(GateCluster.NodeCount - 1);
        await gate.StartAsync();
        await stage.Cluster.RebalanceAsync();
    }

    private static async Task KillBothAsync(GateStage stage, GateProcess gate)
    {
        using var old = stage.Outcomes.Excusing(gate.Authority);
        await InFlightAsync(stage, async () =>
        {
            await SignalAsync("KILL", gate.Processes!.Value.Server);
            await gate.KillAsync();
        });
        await stage.Cluster.UntilSettledAsync(GateCluster.NodeCount - 1);
        await gate.StartAsync();
        await stage.Cluster.RebalanceAsync();
    }

    // A request that has reached a frozen process waits for it; who gives up by itself may have been heard.
    private static Task FreezeGateAsync(GateStage stage, GateProcess gate) => FrozenAsync(stage, gate, owners: GateCluster.NodeCount - 1, gate.FreezeAsync, gate.ThawAsync);

    private static async Task FreezeServerAsync(GateStage stage, GateProcess gate)
    {
        var server = gate.Processes!.Value.Server;
        await FrozenAsync(stage, gate, owners: GateCluster.NodeCount, () => SignalAsync("STOP", server), () => SignalAsync("CONT", server));
    }

    private static async Task FreezeBothAsync(GateStage stage, GateProcess gate)
    {
        var server = gate.Processes!.Value.Server;
        await FrozenAsync(stage, gate, GateCluster.NodeCount - 1,
            async () =>
            {
                await gate.FreezeAsync();
                await SignalAsync("STOP", server);
            },
            async () =>
            {
                // Dead by then: its fuse kills also what stands still.
                if (ServerDeaths.Lives(server))
                    throw new InvalidOperationException($"server {server} lives, though its gate stood still for longer than its lease");
                await gate.ThawAsync();
            });
    }

    private static async Task FrozenAsync(GateStage stage, GateProcess gate, int owners, Func<Task> freeze, Func<Task> thaw)
    {
        using (stage.Outcomes.Excusing(authority: null))
        {
            await freeze();
            await Task.Delay(stage.Options.Freeze, TimeProvider.System);
            await stage.Cluster.UntilSettledAsync(owners);
            await thaw();
            await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        }
        await stage.Cluster.RebalanceAsync();
    }

    // Nothing may fail: it stops admitting, has its server save, and the requests wait until another one has the buckets.
    private static async Task CutGateAsync(GateStage stage, GateProcess gate)
    {
        gate.Wire.Hold();
        try
        {
            await stage.Cluster.UntilSettledAsync(GateCluster.NodeCount - 1);
        }
        finally
        {
            gate.Wire.Release();
        }
        await stage.Cluster.RebalanceAsync();
    }

    private static async Task OldTableAsync(GateStage stage, GateProcess gate)
    {
        var proxy = stage.Cluster.Proxies[1];
        using var old = stage.Outcomes.Excusing(proxy.Authority);
        await using var sender = new Sender("old-table", proxy.Authority, stage.Bases, stage.Outcomes);
        stage.Cluster.ProxyWire.Hold();
        try
        {
            await KillServerAsync(stage, gate);
            await Task.Delay(stage.Options.Freeze, TimeProvider.System);
        }
        finally
        {
            stage.Cluster.ProxyWire.Release();
        }
        var before = sender.Succeeded;
        await Operator.UntilAsync("the proxy serves again", TimeSpan.FromSeconds(90), () => Task.FromResult(sender.Succeeded > before + 20));
    }

    private static async Task RestartAsync(GateStage stage, GateProcess gate)
    {
        await stage.Cluster.Operator.PostAsync($"/api/nodes/{gate.Name}/drain");
        await stage.Cluster.UntilSettledAsync(GateCluster.NodeCount - 1);
        await stage.Cluster.Operator.PostAsync($"/api/nodes/{gate.Name}/uncordon");
        await stage.Cluster.RebalanceAsync();
    }

    private static async Task KillWithoutFuseAsync(GateStage stage, GateProcess gate)
    {
        using var anything = stage.Outcomes.Excusing(authority: null);
        var (server, fuse) = gate.Processes!.Value;
        await SignalAsync("STOP", fuse);
        // Not waited for: the server lives on, and has the gate's output open. A fuse that stands still is worth none; one that is killed takes the server along.
        await gate.SignalAsync("KILL");
        try
        {
            await stage.Cluster.UntilSettledAsync(GateCluster.NodeCount - 1);
            await Task.Delay(TimeSpan.FromSeconds(8), TimeProvider.System);
        }
        finally
        {
            await SignalAsync("KILL", server);
            await SignalAsync("KILL", fuse);
            await gate.KillAsync();
        }
    }

    /// <summary>What was under way is gone with it.</summary>
    private static async Task InFlightAsync(GateStage stage, Func<Task> kill)
    {
        using (stage.Outcomes.Excusing(authority: null))
        {
            await kill();
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        }
    }

    private static async Task GoneAndBackAsync(GateStage stage)
    {
        await stage.Cluster.UntilSettledAsync(GateCluster.NodeCount - 1);
        await stage.Cluster.RebalanceAsync();
    }

    private static Task SignalAsync(string signal, int process) => ChildProcess.SignalAsync(signal, process);
}
