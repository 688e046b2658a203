using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>Three proxies that follow one etcd, whose assignments somebody else writes.</summary>
internal sealed class EtcdTrio : IProxyKind
{
    public const int Proxies = 3;

    public string Key => "etcd-trio";

    public string Name => "3 proxies, 1 etcd";

    public async Task<RunningProxy> StartAsync(Workspace workspace, NodeSet nodes)
    {
        var parts = new Parts();
        try
        {
            var etcd = parts.Keep(await EtcdServer.StartAsync(workspace));
            var client = parts.Keep(new EtcdClient(EtcdClientOptions.ForEndpoints(etcd.Endpoint), TimeProvider.System));
            await EtcdMember.AssignAllAsync(client, nodes);
            var proxies = new List<EtcdMember>();
            for (var i = 0; i < Proxies; i++)
            {
                proxies.Add(await EtcdMember.StartProxyAsync(workspace, etcd.Endpoint, hasMonitor: false));
                parts.Keep(proxies[^1].Process);
                await new RunningProxy(Name, proxies[^1].Port, proxies[^1].Process).WhenReadyAsync();
            }
            return new RunningProxy(Name, proxies[0].Port, proxies[0].Process, parts) { Trio = new Trio(client, [.. proxies.Select(p => p.Port)]) };
        }
        catch
        {
            await parts.DisposeAsync();
            throw;
        }
    }
}
