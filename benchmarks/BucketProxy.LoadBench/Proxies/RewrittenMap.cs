using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>A proxy that follows an etcd, in which the whole map is written anew all the time.</summary>
internal sealed class RewrittenMap : IProxyKind
{
    public string Key => "map-20";

    public string Name => "2 nodes, 256 buckets rewritten 20 times a second";

    public Standing Standing => Standing.Subject;

    public async Task<RunningProxy> StartAsync(Workspace workspace, NodeSet nodes)
    {
        var parts = new Parts();
        try
        {
            var etcd = parts.Keep(await EtcdServer.StartAsync(workspace));
            var client = parts.Keep(new EtcdClient(EtcdClientOptions.ForEndpoints(etcd.Endpoint), TimeProvider.System));
            await EtcdMember.AssignAllAsync(client, nodes);
            var proxy = await EtcdMember.StartProxyAsync(workspace, etcd.Endpoint, hasMonitor: false);
            parts.Keep(proxy.Process);
            return new RunningProxy(Name, proxy.Port, proxy.Process, parts) { Admin = proxy.Admin, Disturbance = new RewritingMap(client) };
        }
        catch
        {
            await parts.DisposeAsync();
            throw;
        }
    }
}
