using BucketProxy.SystemTest.Cluster;
using BucketProxy.SystemTest.Load;
using BucketProxy.Testing.Processes;

namespace BucketProxy.SystemTest.Gates;

/// <summary>What disturbances of gated servers act on.</summary>
internal sealed record GateStage(GateCluster Cluster, Outcomes Outcomes, Random Random, IReadOnlyList<string> Bases, GateRunOptions Options);

/// <summary>Something that happens to one server.</summary>
/// <param name="Name">What it is called in the output.</param>
/// <param name="Hits">Whom it can happen to.</param>
/// <param name="RunAsync">Does it, and ends with the cluster as it was.</param>
internal sealed record GateDisturbance(string Name, Func<RestartableProcess, bool> Hits, Func<GateStage, RestartableProcess, Task> RunAsync)
{
    /// <summary>Where each server is run by its gate, in an order in which each meets what the one before left.</summary>
    public static IReadOnlyList<GateDisturbance> OfSupervised { get; } =
    [
        ToGate("kill -9 a server", KillServerAsync),
        ToGate("kill -9 a gate", KillGateAsync),
        ToGate("SIGSTOP a gate", FreezeGateAsync),
        ToGate("cut a gate off from etcd", CutGateAsync),
        ToGate("kill -9 a gate and its server", KillBothAsync),
        ToGate("SIGSTOP a server", FreezeServerAsync),
        ToGate("SIGSTOP a gate and its server", FreezeBothAsync),
        ToGate("a proxy with an old table", OldTableAsync),
        ToGate("drain by restart", DrainAsync, Stand.Restarted),
        ToGate("drain by call", DrainAsync, Stand.Called),
    ];

    /// <summary>Where one server is run by its gate, one by somebody else, and one has no gate.</summary>
    public static IReadOnlyList<GateDisturbance> OfMixed { get; } =
    [
        ToGate("drain by call", DrainAsync, Stand.Called),
        ToGate("drain of a server that its gate does not run", DrainAsync, Stand.Unsupervised),
        new("drain of a server without a gate", process => process is NodeProcess, DrainAsync),
        ToGate("kill -9 a server", KillServerAsync, Stand.Called),
        ToGate("kill -9 the gate of a server that it does not run", KillGateOnlyAsync, Stand.Unsupervised),
    ];

    /// <summary>The control: what a fuse is for, without it.</summary>
    public static GateDisturbance KillWithoutFuse { get; } =
        ToGate("kill -9 a gate whose fuse stands still, before a server that does not stop", KillWithoutFuseAsync, Stand.Zombie);

    /// <summary>The control: what supervision is for, with a gate that only believes that it runs the server.</summary>
    public static GateDisturbance KillWithoutSupervision { get; } =
        ToGate("kill -9 a gate that runs another program than its server", KillWithoutSupervisionAsync, Stand.Elsewhere);

    private static GateDisturbance ToGate(string name, Func<GateStage, GateProcess, Task> run, params Stand[] stands) => new(
        name,
        process => process is GateProcess gate && (stands.Length == 0 || stands.Contains(gate.Stand)),
        (stage, process) => run(stage, (GateProcess)process));

    private static async Task KillServerAsync(GateStage stage, GateProcess gate)
    {
        var run = gate.Processes!.Value.Server;
        await InFlightAsync(stage, () => SignalAsync("KILL", run));
        // Buckets that nobody was granted yet stay when the next run is there.
        await Operator.UntilAsync($"another run of {gate.Name} is there", TimeSpan.FromSeconds(60), () => Task.FromResult(gate.Processes is { Server: var next } && next != run));
        await stage.Cluster.RebalanceAsync();
    }

    private static async Task KillGateAsync(GateStage stage, GateProcess gate)
    {
        using var old = stage.Outcomes.Excusing(gate.Authority);
        await InFlightAsync(stage, gate.KillAsync);
        await stage.Cluster.UntilSettledAsync(stage.Cluster.NodeCount - 1);
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
        await stage.Cluster.UntilSettledAsync(stage.Cluster.NodeCount - 1);
        await gate.StartAsync();
        await stage.Cluster.RebalanceAsync();
    }

    // A request that has reached a frozen process waits for it; who gives up by itself may have been heard.
    private static Task FreezeGateAsync(GateStage stage, GateProcess gate) => FrozenAsync(stage, gate, owners: stage.Cluster.NodeCount - 1, gate.FreezeAsync, gate.ThawAsync);

    private static async Task FreezeServerAsync(GateStage stage, GateProcess gate)
    {
        var server = gate.Processes!.Value.Server;
        await FrozenAsync(stage, gate, owners: stage.Cluster.NodeCount, () => SignalAsync("STOP", server), () => SignalAsync("CONT", server));
    }

    private static async Task FreezeBothAsync(GateStage stage, GateProcess gate)
    {
        var server = gate.Processes!.Value.Server;
        await FrozenAsync(stage, gate, stage.Cluster.NodeCount - 1,
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
            await stage.Cluster.UntilSettledAsync(stage.Cluster.NodeCount - 1);
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

    private static async Task DrainAsync(GateStage stage, RestartableProcess node)
    {
        await stage.Cluster.Operator.PostAsync($"/api/nodes/{node.Name}/drain");
        await stage.Cluster.UntilSettledAsync(stage.Cluster.NodeCount - 1);
        await stage.Cluster.Operator.PostAsync($"/api/nodes/{node.Name}/uncordon");
        await stage.Cluster.RebalanceAsync();
    }

    // Its server lives on, and nobody can say whether it does: whatever it owns has to wait for it, also when the gate's lease has ended.
    private static async Task KillGateOnlyAsync(GateStage stage, GateProcess gate)
    {
        var owned = await OwnedAsync(stage, gate);
        using (stage.Outcomes.Excusing(authority: null))
        {
            await gate.KillAsync();
            await Task.Delay(stage.Options.Freeze, TimeProvider.System);
            if (await OwnedAsync(stage, gate) != owned)
                throw new InvalidOperationException($"buckets of {gate.Name} went to others, though nobody knows whether its server lives");
            await gate.StartAsync();
            await stage.Cluster.UntilSettledAsync(stage.Cluster.NodeCount);
        }
        await stage.Cluster.RebalanceAsync();
    }

    private static async Task<int> OwnedAsync(GateStage stage, GateProcess gate) =>
        (await stage.Cluster.Operator.GetAsync("/api/buckets")).AsArray().Count(bucket => (string?)bucket!["node"] == gate.Name);

    private static async Task KillWithoutFuseAsync(GateStage stage, GateProcess gate)
    {
        using var anything = stage.Outcomes.Excusing(authority: null);
        var (server, fuse) = gate.Processes!.Value;
        await SignalAsync("STOP", fuse);
        // Not waited for: the server lives on, and has the gate's output open. A fuse that stands still is worth none; one that is killed takes the server along.
        await gate.SignalAsync("KILL");
        try
        {
            await stage.Cluster.UntilSettledAsync(stage.Cluster.NodeCount - 1);
            await Task.Delay(TimeSpan.FromSeconds(8), TimeProvider.System);
        }
        finally
        {
            await SignalAsync("KILL", server);
            await SignalAsync("KILL", fuse);
            await gate.KillAsync();
        }
    }

    private static async Task KillWithoutSupervisionAsync(GateStage stage, GateProcess gate)
    {
        using var anything = stage.Outcomes.Excusing(authority: null);
        await gate.KillAsync();
        await stage.Cluster.UntilSettledAsync(stage.Cluster.NodeCount - 1);
        await Task.Delay(TimeSpan.FromSeconds(8), TimeProvider.System);
        await gate.Server!.KillAsync();
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

    private static Task SignalAsync(string signal, int process) => ChildProcess.SignalAsync(signal, process);
}
