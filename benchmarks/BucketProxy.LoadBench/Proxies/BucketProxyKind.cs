using System.Text.Json;
using System.Text.Json.Nodes;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Loads;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>
/// BucketProxy as it is installed for one machine: proxy and monitor in one process, embedded store, every default left alone.
/// </summary>
internal sealed class BucketProxyKind : IProxyKind
{
    public string Key { get; init; } = "bucketproxy";

    public string Name { get; init; } = "BucketProxy";

    public Standing Standing { get; init; } = Standing.Subject;

    /// <summary>Which build; null for the one of this checkout.</summary>
    public BucketProxyBuild? Build { get; init; }

    /// <summary>Further flags of <c>serve</c>.</summary>
    public string[] Flags { get; init; } = [];

    /// <summary>How many of the nodes it routes to. With 2, bases go by digit and letter as with the other proxies.</summary>
    public int Nodes { get; init; } = 2;

    /// <summary>Websockets that are open beside the load.</summary>
    public int IdleSockets { get; init; }

    /// <summary>Whether buckets move during each run.</summary>
    public bool Moves { get; init; }

    /// <summary>Further sections of the settings, by its folder; its second argument starts a collector and gives its port.</summary>
    public Func<string, Func<int>, JsonObject>? More { get; init; }

    public async Task<RunningProxy> StartAsync(Workspace workspace, NodeSet nodes)
    {
        var folder = workspace.NewFolder(Key);
        var port = workspace.Ports.Take();
        var admin = workspace.Ports.Take();
        var config = Path.Combine(folder, "bucketproxy.json");
        Collector? collector = null;
        var settings = Settings(nodes, port, admin, folder);
        foreach (var (name, section) in More?.Invoke(folder, StartCollector) ?? [])
            settings[name] = section?.DeepClone();
        await File.WriteAllTextAsync(config, settings.ToJsonString());
        var (program, arguments) = (Build ?? BuildOf(workspace)).With(["serve", "--config", config, .. Flags]);
        var process = await ServerProcess.StartAsync(program, arguments, port, folder + "/out.log", BucketProxyBuild.Environment);
        try
        {
            var sockets = new IdleSockets([]);
            if (IdleSockets > 0)
            {
                // A handshake is held as long as there is no owner.
                await new RunningProxy(Name, port, process).WhenReadyAsync();
                sockets = new IdleSockets(await SocketClient.OpenManyAsync(port, IdleSockets));
            }
            return new RunningProxy(Name, port, process, collector is null ? [sockets] : [sockets, collector])
            {
                Admin = admin,
                Disturbance = Moves ? new MovingBuckets(admin, Id(Nodes - 1)) : null,
            };
        }
        catch
        {
            await process.DisposeAsync();
            if (collector is not null)
                await collector.DisposeAsync();
            throw;
        }

        int StartCollector()
        {
            var its = workspace.Ports.Take();
            collector = new Collector(its);
            return its;
        }
    }

    /// <summary>The build of this checkout, published as the image's.</summary>
    public static BucketProxyBuild BuildOf(Workspace workspace) => new(Path.Combine(workspace.Root, "src/BucketProxy/bin/installed/bucketproxy.dll"));

    private JsonObject Settings(NodeSet nodes, int port, int admin, string folder) => new()
    {
        ["store"] = "embedded",
        ["dataDirectory"] = Path.Combine(folder, "data"),
        ["data"] = new JsonObject { ["listen"] = $"127.0.0.1:{port}" },
        ["admin"] = new JsonObject { ["listen"] = $"127.0.0.1:{admin}" },
        ["nodes"] = JsonSerializer.SerializeToNode(Enumerable.Range(0, Nodes).Select(n => new Dictionary<string, string>
        {
            ["id"] = Id(n),
            ["local_node_url"] = $"http://{nodes.Address(n)}",
            ["release"] = "call",
        })),
        ["placement"] = Nodes == 2
            ? new JsonObject { ["mode"] = "static", ["ranges"] = new JsonObject { ["0-9"] = Id(0), ["a-f"] = Id(1) } }
            : "balanced",
    };

    private static string Id(int node) => $"dtable-server-{node + 1:00}";
}
