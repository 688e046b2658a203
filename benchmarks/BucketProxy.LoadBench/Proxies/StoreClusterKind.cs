using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>Proxies and gates on one etcd, one process each. The first proxy has the one monitor, so it leads.</summary>
/// <param name="proxies">How many proxies.</param>
/// <param name="gates">How many gates, each with a node.</param>
internal sealed class StoreClusterKind(int proxies, int gates) : IProxyKind
{
    private const int StartedAtOnce = 4;

    public string Key => $"store-{proxies}-{gates}";

    public string Name => $"{proxies} {(proxies == 1 ? "proxy" : "proxies")}, {gates} gates";

    public async Task<RunningProxy> StartAsync(Workspace workspace, NodeSet nodes)
    {
        var parts = new Parts();
        try
        {
            var etcd = parts.Keep(await EtcdServer.StartAsync(workspace));
            var client = parts.Keep(new EtcdClient(EtcdClientOptions.ForEndpoints(etcd.Endpoint), TimeProvider.System));
            // Supervised, as they are installed. What stands for the server has nothing to save.
            var behind = await StartAllAsync(
                gates, i => EtcdMember.StartGateAsync(workspace, etcd.Endpoint, StoreCluster.NodeId(i), nodes.Address(i), null, "sleep", "infinity"), parts);
            var front = await StartAllAsync(proxies, i => EtcdMember.StartProxyAsync(workspace, etcd.Endpoint, hasMonitor: i == 0), parts);
            return new RunningProxy(Name, front[0].Port, front[0].Process, parts) { Cluster = new StoreCluster(etcd, client, front, behind) };
        }
        catch
        {
            await parts.DisposeAsync();
            throw;
        }
    }

    private static async Task<EtcdMember[]> StartAllAsync(int count, Func<int, Task<EtcdMember>> start, Parts parts)
    {
        var members = new EtcdMember[count];
        var processes = parts.Keep(new ConcurrentParts());
        foreach (var chunk in Enumerable.Range(0, count).Chunk(StartedAtOnce))
        {
            await Task.WhenAll(chunk.Select(async i =>
            {
                members[i] = await start(i);
                processes.Keep(members[i].Process);
            }));
        }
        return members;
    }
}
