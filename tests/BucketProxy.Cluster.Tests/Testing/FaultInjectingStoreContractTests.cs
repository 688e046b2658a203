using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.Tests.Store;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.Testing;

/// <summary>The contract, through the fault-injecting store over the embedded one: without a fault it is transparent.</summary>
public sealed class FaultInjectingStoreCommitTests() : CommitContract(new FaultInjectingStoreUnderTest());

public sealed class FaultInjectingStoreComparisonTests() : ComparisonContract(new FaultInjectingStoreUnderTest());

public sealed class FaultInjectingStoreWatchTests() : WatchContract(new FaultInjectingStoreUnderTest());

public sealed class FaultInjectingStoreLeaseTests() : LeaseContract(new FaultInjectingStoreUnderTest());

internal sealed class FaultInjectingStoreUnderTest : StoreUnderTest
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _time = new();
    private FaultInjectingStore _store = null!;

    public override Task<IClusterStore> OpenAsync()
    {
        var inner = EmbeddedStore.Open(new EmbeddedStoreOptions { Directory = _directory.Path }, _time);
        _store = new FaultInjectingStore(inner, _time);
        return Task.FromResult<IClusterStore>(_store);
    }

    public override Task PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }

    public override Task CompactAsync(long revision)
    {
        _store.Compact(revision);
        return Task.CompletedTask;
    }

    public override Task CloseAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }
}
