using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.Tests.Store;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Testing;

/// <summary>The contract, in memory.</summary>
public sealed class MemoryStoreContractTests : ClusterStoreContract
{
    private readonly ManualTimeProvider _time = new();
    private MemoryStore _store = null!;

    protected override Task<IClusterStore> OpenAsync()
    {
        _store = new MemoryStore(_time);
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
}
