using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.Tests.Store;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Testing;

/// <summary>The contract, through the fault-injecting store over the embedded one: without a fault it is transparent.</summary>
public sealed class FaultInjectingStoreContractTests : ClusterStoreContract
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();
    private FaultInjectingStore _store = null!;

    protected override Task<IClusterStore> OpenAsync()
    {
        var inner = EmbeddedStore.Open(new EmbeddedStoreOptions { Directory = _directory.Path }, _time);
        _store = new FaultInjectingStore(inner, _time);
        return Task.FromResult<IClusterStore>(_store);
    }

    protected override Task PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }

    protected override Task CompactAsync(long revision)
    {
        _store.Compact(revision);
        return Task.CompletedTask;
    }

    protected override Task CloseAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }
}
