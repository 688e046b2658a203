using System.Globalization;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>YARP as its guide shows it.</summary>
internal sealed class PlainYarp : IProxyKind
{
    public string Key => "yarp";

    public string Name => "plain YARP";

    public async Task<RunningProxy> StartAsync(Workspace workspace, NodeSet nodes)
    {
        var folder = workspace.NewFolder(Key);
        var port = workspace.Ports.Take();
        return new RunningProxy(Name, port, await ServerProcess.StartAsync(
            "dotnet",
            [workspace.Built("benchmarks/PlainYarp", "PlainYarp.dll"), port.ToString(CultureInfo.InvariantCulture), nodes.Address(0), nodes.Address(1)],
            port, folder + "/out.log"));
    }
}
