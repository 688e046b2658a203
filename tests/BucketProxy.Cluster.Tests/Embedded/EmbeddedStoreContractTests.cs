using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Tests.Store;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>The contract, on files.</summary>
public sealed class EmbeddedStoreCommitTests() : CommitContract(new EmbeddedStoreUnderTest());

public sealed class EmbeddedStoreComparisonTests() : ComparisonContract(new EmbeddedStoreUnderTest());

public sealed class EmbeddedStoreWatchTests() : WatchContract(new EmbeddedStoreUnderTest());

public sealed class EmbeddedStoreLeaseTests() : LeaseContract(new EmbeddedStoreUnderTest());

internal sealed class EmbeddedStoreUnderTest : StoreUnderTest
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _time = new();
    private EmbeddedStore _store = null!;

    public override Task<IClusterStore> OpenAsync()
    {
        _store = EmbeddedStore.Open(new EmbeddedStoreOptions { Directory = _directory.Path }, _time);
        return Task.FromResult<IClusterStore>(_store);
    }

    public override Task PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }

    public override Task CompactAsync(long revision) => _store.CompactAsync(revision);

    public override Task CloseAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }
}
