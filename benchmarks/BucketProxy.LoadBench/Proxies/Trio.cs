using System.Globalization;
using BucketProxy.Etcd.Client;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>What a measurement needs of <see cref="EtcdTrio"/>.</summary>
/// <param name="Etcd">Writes the assignments.</param>
/// <param name="Ports">The proxies' data ports.</param>
internal sealed record Trio(EtcdClient Etcd, int[] Ports)
{
    public static string NodeId(int node) => string.Create(CultureInfo.InvariantCulture, $"dtable-server-{node + 1:00}");
}
