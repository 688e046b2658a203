using System.Globalization;
using BucketProxy.SystemTest.Cluster;

namespace BucketProxy.SystemTest.Disturbances;

/// <summary>What just happens. No acknowledged row may be lost by it.</summary>
internal static class Unplanned
{
    /// <summary>May come while operators' orders are being carried out.</summary>
    public static IReadOnlyList<Disturbance> WhileOthers { get; } =
    [
        new("kill -9 a proxy", KillProxyAsync),
        new("SIGSTOP a proxy", FreezeProxyAsync),
        new("kill -9 the leading monitor", KillLeaderAsync),
        new("kill -9 the leader of etcd", KillEtcdLeaderAsync),
    ];

    public static Disturbance RestartNode { get; } = new("restart a node", RestartNodeAsync);

    private static async Task<string> KillProxyAsync(Stage stage)
    {
        var proxy = stage.Any(stage.Cluster.Proxies);
        using var taken = await proxy.TakeAsync();
        // What was under way through it is gone with it.
        using (stage.Outcomes.Excusing(proxy.Authority))
            await proxy.KillAsync();
        await proxy.StartAsync();
        return proxy.Name;
    }

    private static async Task<string> FreezeProxyAsync(Stage stage)
    {
        var proxy = stage.Any(stage.Cluster.Proxies);
        using var taken = await proxy.TakeAsync();
        var time = TimeSpan.FromSeconds(2 + (4 * stage.Random.NextDouble()));
        await proxy.FreezeAsync();
        await Task.Delay(time, TimeProvider.System);
        await proxy.ThawAsync();
        return string.Create(CultureInfo.InvariantCulture, $"{proxy.Name} for {time.TotalSeconds:F1} s");
    }

    private static async Task<string> KillLeaderAsync(Stage stage)
    {
        var leader = await stage.Cluster.Operator.LeaderAsync() ?? stage.Any(stage.Cluster.Monitors);
        leader.IsAway = true;
        await leader.KillAsync();
        await leader.StartAsync();
        leader.IsAway = false;
        await Operator.UntilAsync("a monitor leads", Stage.Limit, async () => await stage.Cluster.Operator.LeaderAsync() is not null);
        return leader.Name;
    }

    private static async Task<string> KillEtcdLeaderAsync(Stage stage)
    {
        var leader = await stage.Cluster.Etcd.LeaderAsync(stage.Cluster.EtcdClient!);
        await leader.KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        leader.Start();
        await leader.WaitUntilServingAsync();
        return leader.Name;
    }

    private static async Task<string> RestartNodeAsync(Stage stage)
    {
        var node = stage.Any(stage.Cluster.Nodes);
        // A write that meets a closing connection cannot be sent again: it may fail, at any proxy.
        using (stage.Outcomes.Excusing(authority: null))
        {
            await node.TerminateAsync();
            await node.StartAsync();
            await stage.Cluster.Operator.UntilSettledAsync(stage.Cluster.Nodes.Count, Stage.Limit);
        }
        return node.Name;
    }
}
