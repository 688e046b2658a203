using System.Globalization;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>nginx, by one of the two configurations in <c>benchmarks/config</c>.</summary>
internal sealed class NginxProxy(string key, string name, string template) : IProxyKind
{
    public string Key => key;

    public string Name => name;

    public string Column => key;

    /// <summary>As fast as we know how to make it.</summary>
    public bool IsLean => template == "nginx-lean.conf";

    public bool IsCompiledAsItRuns => false;

    public async Task<RunningProxy> StartAsync(Workspace workspace, NodeSet nodes)
    {
        var (process, port) = await StartAsync(workspace, nodes.Address(0), nodes.Address(1));
        return new RunningProxy(name, port, process);
    }

    /// <summary>In front of servers with these addresses.</summary>
    public async Task<(ServerProcess Process, int Port)> StartAsync(Workspace workspace, string digits, string letters)
    {
        var folder = workspace.NewFolder(key);
        var port = workspace.Ports.Take();
        var config = workspace.Fill(
            template, folder, ("PORT", port.ToString(CultureInfo.InvariantCulture)), ("NODE1", digits), ("NODE2", letters));
        return (await ServerProcess.StartAsync("nginx", ["-p", folder, "-c", config, "-g", "daemon off;"], port, folder + "/out.log"), port);
    }
}
