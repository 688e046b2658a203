using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Tests.Store;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>The contract, on files.</summary>
public sealed class EmbeddedStoreContractTests : ClusterStoreContract
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();
    private EmbeddedStore _store = null!;

    protected override Task<IClusterStore> OpenAsync()
    {
        _store = EmbeddedStore.Open(new EmbeddedStoreOptions { Directory = _directory.Path }, _time);
        return Task.FromResult<IClusterStore>(_store);
    }

    protected override Task PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }

    protected override Task CompactAsync(long revision) => _store.CompactAsync(revision);

    protected override Task CloseAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }
}
