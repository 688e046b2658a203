using BucketProxy.Etcd.Client;
using BucketProxy.LoadBench.Backends;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>What a measurement needs of <see cref="StoreClusterKind"/>.</summary>
/// <param name="Server">The etcd.</param>
/// <param name="Etcd">Writes assignments.</param>
/// <param name="Proxies">Its proxies.</param>
/// <param name="Gates">Its gates, in the order of their nodes.</param>
internal sealed record StoreCluster(EtcdServer Server, EtcdClient Etcd, IReadOnlyList<EtcdMember> Proxies, IReadOnlyList<EtcdMember> Gates)
{
    /// <summary>The node of a gate.</summary>
    public static string NodeId(int gate) => Trio.NodeId(gate);
}
