using System.Globalization;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>nginx, by one of the two configurations in <c>benchmarks/config</c>.</summary>
internal sealed class NginxProxy(string key, string name, string template) : IProxyKind
{
    public string Key => key;

    public string Name => name;

    public async Task<RunningProxy> StartAsync(Workspace workspace, NodeSet nodes)
    {
        var folder = workspace.NewFolder(key);
        var port = workspace.Ports.Take();
        var config = workspace.Fill(
            template, folder, ("PORT", port.ToString(CultureInfo.InvariantCulture)), ("NODE1", nodes.Address(0)), ("NODE2", nodes.Address(1)));
        return new RunningProxy(name, port, await ServerProcess.StartAsync(
            "nginx", ["-p", folder, "-c", config, "-g", "daemon off;"], port, folder + "/out.log"));
    }
}
