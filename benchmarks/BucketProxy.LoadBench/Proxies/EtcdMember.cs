using System.Globalization;
using System.Text.Json.Nodes;
using BucketProxy.Etcd.Client;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>A process of BucketProxy on an etcd.</summary>
/// <param name="Process">The process.</param>
/// <param name="Port">Where requests come in.</param>
/// <param name="Admin">Its port for operators.</param>
internal sealed record EtcdMember(ServerProcess Process, int Port, int Admin)
{
    /// <summary>A proxy. With <paramref name="hasMonitor"/> it may lead, and give buckets out; else somebody else writes the assignments.</summary>
    public static Task<EtcdMember> StartProxyAsync(Workspace workspace, string etcd, bool hasMonitor, BucketProxyKind? build = null)
    {
        var settings = new JsonObject { ["nodes"] = new JsonArray(), ["data"] = new JsonObject() };
        if (!hasMonitor)
        {
            settings["roles"] = new JsonArray("proxy");
            settings["monitor"] = "off";
        }
        return StartAsync(workspace, hasMonitor ? "proxy-and-monitor" : "proxy", etcd, settings, "data", build);
    }

    /// <summary>
    /// A gate. The server answers at an address that is the same for the whole run. With a <paramref name="command"/> the gate believes that this is the server:
    /// then its lease is the short one, and it has a fuse; without, the server is somebody else's to run.
    /// </summary>
    public static Task<EtcdMember> StartGateAsync(
        Workspace workspace, string etcd, string node, string server, BucketProxyKind? build = null, params string[] command)
    {
        var gate = new JsonObject { ["node"] = node, ["server"] = "http://" + server, ["release"] = "call" };
        if (command.Length > 0)
            gate["command"] = new JsonArray([.. command.Select(word => (JsonNode)word)]);
        return StartAsync(workspace, node, etcd, new JsonObject { ["roles"] = new JsonArray("gate"), ["instance"] = node, ["gate"] = gate }, "gate", build);
    }

    /// <summary>Two nodes that own every second bucket each, as somebody writes them who is not BucketProxy.</summary>
    public static async Task AssignAllAsync(EtcdClient client, NodeSet nodes)
    {
        for (var n = 0; n < 2; n++)
        {
            var url = "http://" + nodes.Address(n);
            await client.PutAsync(Trio.NodeId(n), new JsonObject { ["node_url"] = url, ["local_node_url"] = url }.ToJsonString());
        }
        for (var bucket = 0; bucket < 256; bucket++)
            await client.PutAsync(Assignment(bucket), Trio.NodeId(bucket % 2));
    }

    public static string Assignment(int bucket) => string.Create(CultureInfo.InvariantCulture, $"assign-{bucket:x2}");

    private static async Task<EtcdMember> StartAsync(
        Workspace workspace, string name, string etcd, JsonObject settings, string listening, BucketProxyKind? build)
    {
        var folder = workspace.NewFolder(name);
        var (port, admin) = (workspace.Ports.Take(), workspace.Ports.Take());
        settings["store"] = "etcd";
        settings["etcd"] = new JsonObject { ["endpoints"] = new JsonArray(etcd) };
        settings["dataDirectory"] = Path.Combine(folder, "data");
        settings["admin"] = new JsonObject { ["listen"] = Local(admin) };
        settings[listening]!["listen"] = Local(port);
        if (listening == "gate")
            settings[listening]!["advertise"] = "http://" + Local(port);
        var config = Path.Combine(folder, "bucketproxy.json");
        await File.WriteAllTextAsync(config, settings.ToJsonString());
        var (program, arguments) = (build?.Build ?? BucketProxyKind.BuildOf(workspace)).With(["serve", "--config", config, .. build?.Flags ?? []]);
        return new EtcdMember(await ServerProcess.StartAsync(program, arguments, port, folder + "/out.log", BucketProxyBuild.Environment), port, admin);
    }

    private static string Local(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
