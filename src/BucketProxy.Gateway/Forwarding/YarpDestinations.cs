using BucketProxy.Gateway.Nodes;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>Hands YARP's destinations over to the links, whenever YARP has taken a configuration.</summary>
internal sealed class YarpDestinations(NodeLinks links, IServiceProvider services) : IConfigChangeListener
{
    public void ConfigurationApplied(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
        // Asked for late: YARP's look-up is made of what it calls.
        if (services.GetService(typeof(IProxyStateLookup)) is IProxyStateLookup yarp && yarp.TryGetCluster(NodeConfigProvider.ClusterId, out var cluster))
            links.Adopt(id => cluster.Destinations.GetValueOrDefault(id));
    }

    public void ConfigurationLoaded(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
    }

    public void ConfigurationLoadingFailed(IProxyConfigProvider configProvider, Exception exception)
    {
    }

    public void ConfigurationApplyingFailed(IReadOnlyList<IProxyConfig> proxyConfigs, Exception exception)
    {
    }
}
