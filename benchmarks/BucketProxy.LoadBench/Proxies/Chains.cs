namespace BucketProxy.LoadBench.Proxies;

/// <summary>Two proxies in line, in place of those contenders that are made for it: one in front of the clients, one beside the node.</summary>
internal static class Chains
{
    public static IReadOnlyList<IProxyKind> Of(IReadOnlyList<IProxyKind> chosen) =>
    [
        .. chosen.OfType<NginxProxy>().Where(p => p.IsLean).Select(p => new NginxChain(p)),
        .. chosen.OfType<BucketProxyKind>().Select(p => new GatedProxy(p)),
    ];
}
