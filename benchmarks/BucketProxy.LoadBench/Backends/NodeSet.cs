using System.Globalization;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Backends;

/// <summary>The servers behind the proxies: one process (or one master with workers) that listens on a port per node.</summary>
internal sealed class NodeSet : IAsyncDisposable
{
    private readonly ServerProcess _process;
    private readonly NodeSet? _sockets;

    private NodeSet(ServerProcess process, int[] ports, NodeSet? sockets = null)
    {
        _process = process;
        Ports = ports;
        _sockets = sockets;
    }

    public int[] Ports { get; }

    public int Pid => _process.Pid;

    /// <summary>nginx: small answers from memory, files through sendfile. Idle websockets go on to a server of our own.</summary>
    public static async Task<NodeSet> StartNginxAsync(Workspace workspace, int nodes)
    {
        var folder = workspace.NewFolder("nodes");
        var ports = workspace.Ports.Take(nodes);
        await File.WriteAllBytesAsync(Path.Combine(folder, "answer-100k.bin"), Content(100 * 1024));
        await File.WriteAllBytesAsync(Path.Combine(folder, "download-20m.bin"), Content(20 * 1024 * 1024));
        var sockets = await StartRawAsync(workspace, 1);
        var listen = string.Join('\n', ports.Select(p => $"    listen 127.0.0.1:{p} backlog=4096;"));
        var config = workspace.Fill("nginx-backend.conf", folder, ("LISTEN", listen), ("SOCKETS", sockets.Address(0)));
        return new NodeSet(
            await ServerProcess.StartAsync("nginx", ["-p", folder, "-c", config, "-g", "daemon off;"], ports[^1], folder + "/nodes.log"),
            ports, sockets);
    }

    /// <summary>A server of our own for what nginx cannot do: websocket echo, and reading a body before it answers.</summary>
    public static async Task<NodeSet> StartRawAsync(Workspace workspace, int nodes)
    {
        var folder = workspace.NewFolder("raw-nodes");
        var ports = workspace.Ports.Take(nodes);
        var arguments = new[] { typeof(NodeSet).Assembly.Location, RawServer.Command }
            .Concat(ports.Select(p => p.ToString(CultureInfo.InvariantCulture)));
        var environment = new Dictionary<string, string>
        {
            ["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1",
            ["DOTNET_TieredPGO"] = "0",
        };
        return new NodeSet(
            await ServerProcess.StartAsync("dotnet", arguments, ports[^1], folder + "/nodes.log", environment), ports);
    }

    /// <summary>Host and port of a node.</summary>
    public string Address(int node) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Ports[node]}");

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        if (_sockets is not null)
            await _sockets.DisposeAsync();
    }

    private static byte[] Content(int size)
    {
        var bytes = new byte[size];
        new Random(4711).NextBytes(bytes);
        return bytes;
    }
}
