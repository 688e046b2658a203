using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>BucketProxy, and a gate behind it in front of one node, on an etcd.</summary>
internal sealed class GatedProxy(BucketProxyKind proxy) : IProxyKind
{
    private const string Node = "dtable-server-01";

    public string Key => proxy.Key + "-and-gate";

    public string Name => proxy.Name + " and gate";

    public string Column => proxy.Key;

    public Standing Standing => proxy.Standing;

    public async Task<RunningProxy> StartAsync(Workspace workspace, NodeSet nodes)
    {
        var parts = new Parts();
        try
        {
            var etcd = parts.Keep(await EtcdServer.StartAsync(workspace)).Endpoint;
            var gate = await EtcdMember.StartGateAsync(workspace, etcd, Node, nodes.Address(0), proxy);
            parts.Keep(gate.Process);
            var front = await EtcdMember.StartProxyAsync(workspace, etcd, hasMonitor: true, proxy);
            // Each has its store until it has ended.
            parts.Keep(front.Process);
            return new RunningProxy(Name, front.Port, front.Process, parts) { Behind = [gate.Process.Pid], Admin = front.Admin };
        }
        catch
        {
            await parts.DisposeAsync();
            throw;
        }
    }
}
