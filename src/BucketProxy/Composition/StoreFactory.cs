using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Etcd;
using BucketProxy.Cluster.Store;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Mapping;

namespace BucketProxy.Composition;

/// <summary>Opens the store that the settings ask for.</summary>
internal static class StoreFactory
{
    /// <summary>Opens it. The embedded one locks its directory; etcd is connected to when it is first called.</summary>
    /// <exception cref="IOException">The directory cannot be used, or another process uses it.</exception>
    public static IClusterStore Open(BucketProxySettings settings, TimeProvider time, ILoggerFactory loggers) => settings.Store switch
    {
        StoreKind.Embedded => EmbeddedStore.Open(settings.ToEmbeddedStoreOptions(), time, loggers.CreateLogger<EmbeddedStore>()),
        StoreKind.Etcd => new EtcdStore(settings.ToEtcdClientOptions(), time, loggers.CreateLogger<EtcdStore>()),
        _ => throw new InvalidOperationException("No store is set; the settings must be checked first."),
    };
}
