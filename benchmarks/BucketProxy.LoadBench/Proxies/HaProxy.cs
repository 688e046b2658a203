using System.Globalization;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>HAProxy with a map.</summary>
internal sealed class HaProxy : IProxyKind
{
    public string Key => "haproxy";

    public string Name => "HAProxy";

    public bool IsCompiledAsItRuns => false;

    public async Task<RunningProxy> StartAsync(Workspace workspace, NodeSet nodes)
    {
        var folder = workspace.NewFolder(Key);
        var port = workspace.Ports.Take();
        await File.WriteAllLinesAsync(
            Path.Combine(folder, "servers.map"), "0123456789abcdef".Select(c => $"{c} {(char.IsAsciiDigit(c) ? "digits" : "letters")}"));
        var config = workspace.Fill(
            "haproxy.cfg", folder, ("PORT", port.ToString(CultureInfo.InvariantCulture)), ("NODE1", nodes.Address(0)), ("NODE2", nodes.Address(1)));
        return new RunningProxy(Name, port, await ServerProcess.StartAsync("haproxy", ["-db", "-f", config], port, folder + "/out.log"));
    }
}
