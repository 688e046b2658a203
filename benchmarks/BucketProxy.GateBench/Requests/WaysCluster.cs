using System.Text.Json.Nodes;
using BucketProxy.EtcdTesting;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Processes;
using BucketProxy.SystemTest.Cluster;

namespace BucketProxy.GateBench.Requests;

/// <summary>One server, and four ways to it: at once, through a gate, through a proxy, through a proxy and the gate. Two clusters in one etcd, one with the gate.</summary>
internal sealed class WaysCluster : IAsyncDisposable
{
    private const string Node = "dtable-server-01";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly List<IAsyncDisposable> _parts = [];

    public IReadOnlyList<Way> Ways { get; private set; } = [];

    /// <summary>The server behind all of them.</summary>
    public int Server { get; private set; }

    public static async Task<WaysCluster> StartAsync(Workspace workspace)
    {
        var cluster = new WaysCluster();
        try
        {
            await cluster.StartInAsync(workspace);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = _parts.Count - 1; i >= 0; i--)
            await _parts[i].DisposeAsync();
    }

    private async Task StartInAsync(Workspace workspace)
    {
        var folder = workspace.NewFolder("ways");
        var etcd = Keep(await EtcdCluster.StartAsync(1)).Nodes[0].Endpoint;
        var server = Keep(await NodeSet.StartRawAsync(workspace, 1));
        Server = server.Pid;
        var gated = await WriteAsync(folder, "gated", etcd, []);
        var plain = await WriteAsync(folder, "plain", etcd,
            [new JsonObject { ["id"] = Node, ["local_node_url"] = "http://" + server.Address(0), ["release"] = "call" }]);
        var gate = Keep(new PlainGate(Node, gated, folder, server.Address(0)));
        var before = Keep(new ServeProcess("proxy-gated", "proxy,monitor", gated, folder));
        var alone = Keep(new ServeProcess("proxy-plain", "proxy,monitor", plain, folder));
        await Task.WhenAll(gate.StartAsync(), before.StartAsync(), alone.StartAsync());
        foreach (var proxy in new[] { before, alone })
        {
            await using var operators = new Operator([proxy]);
            await operators.UntilSettledAsync(1, Limit);
        }
        const string Direct = "client → server";
        const string Proxy = "client → proxy → server";
        Ways =
        [
            new(Direct, server.Ports[0]),
            new("client → gate → server", gate.Port, Gate: await gate.Pid, Beside: Direct),
            new(Proxy, Port(alone), Proxy: await alone.Pid, Beside: Direct),
            new("client → proxy → gate → server", Port(before), await gate.Pid, await before.Pid, Proxy),
        ];
    }

    private static async Task<string> WriteAsync(string folder, string name, string etcd, JsonArray nodes)
    {
        var path = Path.Combine(folder, name + ".json");
        await File.WriteAllTextAsync(path, new JsonObject
        {
            ["store"] = "etcd",
            ["etcd"] = new JsonObject { ["endpoints"] = etcd, ["keyPrefix"] = name + "/" },
            ["nodes"] = nodes,
        }.ToJsonString());
        return path;
    }

    private static int Port(ServeProcess proxy) => new Uri("http://" + proxy.Authority).Port;

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }
}
