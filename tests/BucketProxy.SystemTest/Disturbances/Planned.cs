using System.Globalization;
using System.Text.Json.Nodes;
using BucketProxy.Cluster.Keys;
using BucketProxy.Etcd.Kv;
using BucketProxy.SystemTest.Cluster;
using BucketProxy.SystemTest.Load;

namespace BucketProxy.SystemTest.Disturbances;

/// <summary>What operators order. No request may fail by it.</summary>
internal static class Planned
{
    /// <summary>
    /// What the control needs: bases that come back to the very nodes that they left. A rebalance after a drain brings back as many buckets, not the same.
    /// </summary>
    public static Disturbance PinMany { get; } = new("pin ten bases elsewhere and let them go", PinManyAsync);

    private static Disturbance Drain { get; } = new("drain a node and take it back", DrainAsync);

    /// <summary>As an upgrade does it.</summary>
    public static Disturbance RestartProxies { get; } = new("restart the proxies, one after the other", RestartProxiesAsync);

    public static IReadOnlyList<Disturbance> All { get; } =
    [
        Drain,
        new("change a weight, rebalance, and back", ReweightAsync),
        new("pin a base and let it go", PinAsync),
        RestartProxies,
    ];

    /// <summary>Whether it has buckets or bases moved.</summary>
    public static bool Moves(Disturbance disturbance) => All.Contains(disturbance) && disturbance != RestartProxies;

    private static async Task<string> DrainAsync(Stage stage)
    {
        var node = stage.Any(stage.Cluster.Nodes).Name;
        var owners = stage.Cluster.Nodes.Count;
        await stage.Cluster.Operator.PostAsync($"/api/nodes/{node}/drain");
        await stage.Cluster.Operator.UntilSettledAsync(owners - 1, Stage.Limit);
        await stage.Cluster.Operator.PostAsync($"/api/nodes/{node}/uncordon");
        await RebalanceAsync(stage);
        await stage.Cluster.Operator.UntilSettledAsync(owners, Stage.Limit);
        return node;
    }

    private static async Task<string> ReweightAsync(Stage stage)
    {
        var node = stage.Any(stage.Cluster.Nodes).Name;
        var before = await OwnedAsync(stage, node);
        await stage.Cluster.Operator.PutAsync($"/api/nodes/{node}/weight", new JsonObject { ["weight"] = 0.5 });
        await RebalanceAsync(stage);
        var less = await OwnedAsync(stage, node);
        await stage.Cluster.Operator.PutAsync($"/api/nodes/{node}/weight", new JsonObject { ["weight"] = 1 });
        await RebalanceAsync(stage);
        var after = await OwnedAsync(stage, node);
        return string.Create(CultureInfo.InvariantCulture, $"{node}: {before} buckets, {less}, {after}");
    }

    private static async Task<string> PinAsync(Stage stage)
    {
        var uuid = stage.Any(stage.Bases);
        var home = await OwnerAsync(stage, uuid);
        var away = stage.Any([.. stage.Cluster.Nodes.Select(node => node.Name).Where(name => name != home)]);
        await stage.Cluster.Operator.PutAsync($"/api/pins/{uuid}", new JsonObject { ["node"] = away });
        await Operator.UntilAsync($"{uuid} is at {away}", Stage.Limit, async () => await OwnerAsync(stage, uuid) == away);
        await stage.Cluster.Operator.DeleteAsync($"/api/pins/{uuid}");
        await Operator.UntilAsync($"{uuid} is where its bucket is", Stage.Limit, async () =>
            (await stage.Cluster.Operator.GetAsync($"/api/bases/{uuid}"))["pin"] is null && await OwnerAsync(stage, uuid) is not null);
        return $"{uuid}: {home}, {away}, home";
    }

    private static async Task<string> PinManyAsync(Stage stage)
    {
        var homes = new Dictionary<string, string>();
        foreach (var uuid in stage.Bases.Take(10))
            homes[uuid] = await OwnerAsync(stage, uuid) ?? throw new InvalidOperationException($"{uuid} has no owner");
        foreach (var (uuid, home) in homes)
            await stage.Cluster.Operator.PutAsync($"/api/pins/{uuid}", new JsonObject { ["node"] = stage.Any([.. stage.Cluster.Nodes.Select(node => node.Name).Where(name => name != home)]) });
        await Operator.UntilAsync("the bases are away", Stage.Limit, () => AllAsync(async (uuid, home) => await OwnerAsync(stage, uuid) is { } owner && owner != home));
        await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System);
        foreach (var uuid in homes.Keys)
            await stage.Cluster.Operator.DeleteAsync($"/api/pins/{uuid}");
        await Operator.UntilAsync("the bases are back", Stage.Limit, () => AllAsync(async (uuid, home) => await OwnerAsync(stage, uuid) == home));
        // Long enough for a row and for the timer that saves it.
        await Task.Delay(TimeSpan.FromSeconds(8), TimeProvider.System);
        return string.Create(CultureInfo.InvariantCulture, $"{homes.Count} bases");

        async Task<bool> AllAsync(Func<string, string, Task<bool>> condition)
        {
            foreach (var (uuid, home) in homes)
            {
                if (!await condition(uuid, home))
                    return false;
            }
            return true;
        }
    }

    private static async Task<string> RestartProxiesAsync(Stage stage)
    {
        var keys = new KeySchema();
        foreach (var proxy in stage.Cluster.Proxies)
        {
            using var taken = await proxy.TakeAsync();
            await proxy.TerminateAsync();
            foreach (var kind in new[] { keys.Proxies, keys.Alives, keys.Loads })
            {
                var left = await stage.Cluster.EtcdClient!.RangeAsync(KeyRange.Prefix($"{kind}{proxy.Name}-"));
                if (left.KeyValues.Length > 0)
                    throw new InvalidOperationException($"{proxy.Name} has ended and left {left.KeyValues[0].Key} behind");
            }
            await proxy.StartAsync();
            await Operator.UntilAsync($"{proxy.Name} is ready", Stage.Limit, () => ReadinessWatch.IsReadyAsync(proxy));
        }
        return string.Join(", ", stage.Cluster.Proxies.Select(proxy => proxy.Name));
    }

    /// <summary>Orders are repeated as long as moves are given up, as an operator would.</summary>
    private static Task RebalanceAsync(Stage stage) => Operator.UntilAsync("the rebalance is done", Stage.Limit, async () =>
        (await stage.Cluster.Operator.PostAsync("/rebalance/?wait=true"))["moves"]!.AsArray().Count == 0);

    private static async Task<string?> OwnerAsync(Stage stage, string uuid)
    {
        var owner = await stage.Cluster.Operator.GetAsync($"/api/bases/{uuid}");
        return (string?)owner["state"] == "open" ? (string?)owner["node"] : null;
    }

    private static async Task<int> OwnedAsync(Stage stage, string node) =>
        (await stage.Cluster.Operator.GetAsync("/api/buckets")).AsArray().Count(bucket => (string?)bucket!["node"] == node);
}
