using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.Tests.Store;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.Testing;

/// <summary>The contract, in memory.</summary>
public sealed class MemoryStoreCommitTests() : CommitContract(new MemoryStoreUnderTest());

public sealed class MemoryStoreComparisonTests() : ComparisonContract(new MemoryStoreUnderTest());

public sealed class MemoryStoreWatchTests() : WatchContract(new MemoryStoreUnderTest());

public sealed class MemoryStoreLeaseTests() : LeaseContract(new MemoryStoreUnderTest());

internal sealed class MemoryStoreUnderTest : StoreUnderTest
{
    private readonly FakeTimeProvider _time = new();
    private MemoryStore _store = null!;

    public override Task<IClusterStore> OpenAsync()
    {
        _store = new MemoryStore(_time);
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
}
