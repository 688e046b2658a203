using System.Globalization;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>YARP as its guide shows it.</summary>
/// <param name="isDirect">With BucketProxy.Forwarder below it: two lines more.</param>
internal sealed class PlainYarp(bool isDirect = false) : IProxyKind
{
    public string Key => isDirect ? "yarp-direct" : "yarp";

    public string Name => isDirect ? "YARP on BucketProxy.Forwarder" : "plain YARP";

    public bool IsEverywhere => false;

    public async Task<RunningProxy> StartAsync(Workspace workspace, NodeSet nodes)
    {
        var folder = workspace.NewFolder(Key);
        var port = workspace.Ports.Take();
        string[] arguments =
        [
            workspace.Built("benchmarks/PlainYarp", "PlainYarp.dll"),
            port.ToString(CultureInfo.InvariantCulture),
            nodes.Address(0),
            nodes.Address(1),
            .. isDirect ? ["direct"] : Array.Empty<string>(),
        ];
        return new RunningProxy(Name, port, await ServerProcess.StartAsync("dotnet", arguments, port, folder + "/out.log"));
    }
}
