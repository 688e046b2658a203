using System.Globalization;
using System.Text.Json.Nodes;
using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>Three proxies that follow one etcd, whose assignments somebody else writes.</summary>
internal sealed class EtcdTrio : IProxyKind
{
    public const int Proxies = 3;

    public string Key => "etcd-trio";

    public string Name => "3 proxies, 1 etcd";

    public async Task<RunningProxy> StartAsync(Workspace workspace, NodeSet nodes)
    {
        var started = new List<IAsyncDisposable>();
        try
        {
            var (etcd, port) = await StartEtcdAsync(workspace);
            started.Add(etcd);
            var client = new EtcdClient(EtcdClientOptions.ForEndpoints(Local(port)), TimeProvider.System);
            await AssignAllAsync(client, nodes);
            var ports = workspace.Ports.Take(Proxies);
            var proxies = new List<ServerProcess>();
            foreach (var each in ports)
            {
                proxies.Add(await StartProxyAsync(workspace, port, each));
                started.Add(proxies[^1]);
                await new RunningProxy(Name, each, proxies[^1]).WhenReadyAsync();
            }
            return new RunningProxy(Name, ports[0], proxies[0], [.. started.Except([proxies[0]])])
            {
                Trio = new Trio(client, ports),
            };
        }
        catch
        {
            foreach (var each in started)
                await each.DisposeAsync();
            throw;
        }
    }

    private static async Task<(ServerProcess Process, int Port)> StartEtcdAsync(Workspace workspace)
    {
        var folder = workspace.NewFolder("etcd");
        var (port, peer) = (workspace.Ports.Take(), workspace.Ports.Take());
        string[] arguments =
        [
            "--name", "bench", "--data-dir", folder + "/data",
            "--listen-client-urls", "http://" + Local(port), "--advertise-client-urls", "http://" + Local(port),
            "--listen-peer-urls", "http://" + Local(peer), "--initial-advertise-peer-urls", "http://" + Local(peer),
            "--initial-cluster", "bench=http://" + Local(peer),
        ];
        return (await ServerProcess.StartAsync("etcd", arguments, port, folder + "/out.log"), port);
    }

    private static async Task AssignAllAsync(EtcdClient client, NodeSet nodes)
    {
        for (var n = 0; n < 2; n++)
        {
            var url = "http://" + nodes.Address(n);
            await client.PutAsync(Trio.NodeId(n), new JsonObject { ["node_url"] = url, ["local_node_url"] = url }.ToJsonString());
        }
        for (var bucket = 0; bucket < 256; bucket++)
            await client.PutAsync(string.Create(CultureInfo.InvariantCulture, $"assign-{bucket:x2}"), Trio.NodeId(bucket % 2));
    }

    private static async Task<ServerProcess> StartProxyAsync(Workspace workspace, int etcd, int port)
    {
        var folder = workspace.NewFolder("follower");
        var config = Path.Combine(folder, "bucketproxy.json");
        await File.WriteAllTextAsync(config, new JsonObject
        {
            ["store"] = "etcd",
            ["etcd"] = new JsonObject { ["endpoints"] = new JsonArray(Local(etcd)) },
            ["roles"] = new JsonArray("proxy"),
            ["monitor"] = "off",
            ["dataDirectory"] = Path.Combine(folder, "data"),
            ["data"] = new JsonObject { ["listen"] = Local(port) },
            ["admin"] = new JsonObject { ["listen"] = Local(workspace.Ports.Take()) },
        }.ToJsonString());
        var (program, arguments) = BucketProxyKind.BuildOf(workspace).With("serve", "--config", config);
        return await ServerProcess.StartAsync(program, arguments, port, folder + "/out.log");
    }

    private static string Local(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
