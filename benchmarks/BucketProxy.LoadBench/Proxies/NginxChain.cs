using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>nginx, and another behind it in front of one node.</summary>
internal sealed class NginxChain(NginxProxy nginx) : IProxyKind
{
    public string Key => nginx.Key + "-twice";

    public string Name => nginx.Name + ", twice";

    public string Column => nginx.Column;

    public bool IsCompiledAsItRuns => false;

    public async Task<RunningProxy> StartAsync(Workspace workspace, NodeSet nodes)
    {
        var (behind, port) = await nginx.StartAsync(workspace, nodes.Address(0), nodes.Address(0));
        try
        {
            var between = $"127.0.0.1:{port}";
            var (front, its) = await nginx.StartAsync(workspace, between, between);
            return new RunningProxy(Name, its, front, behind) { Behind = [behind.Pid] };
        }
        catch
        {
            await behind.DisposeAsync();
            throw;
        }
    }
}
