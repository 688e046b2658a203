using BucketProxy.Cluster.Etcd;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Tests.Store;
using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.EtcdTesting;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Cluster.Tests.Etcd;

/// <summary>The contract, on a real etcd.</summary>
[Collection(EtcdServer.Name)]
public sealed class EtcdStoreCommitTests(EtcdServer server) : CommitContract(new EtcdStoreUnderTest(server.Options));

[Collection(EtcdServer.Name)]
public sealed class EtcdStoreComparisonTests(EtcdServer server) : ComparisonContract(new EtcdStoreUnderTest(server.Options));

[Collection(EtcdServer.Name)]
public sealed class EtcdStoreWatchTests(EtcdServer server) : WatchContract(new EtcdStoreUnderTest(server.Options));

[Collection(EtcdServer.Name)]
public sealed class EtcdStoreLeaseTests(EtcdServer server) : LeaseContract(new EtcdStoreUnderTest(server.Options));

internal sealed class EtcdStoreUnderTest(EtcdClientOptions options) : StoreUnderTest
{
    public override Task<IClusterStore> OpenAsync() =>
        Task.FromResult<IClusterStore>(new EtcdStore(options, TimeProvider.System, NullLogger<EtcdStore>.Instance));

    // A real etcd has real time only.
    public override Task PassAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System);

    public override async Task CompactAsync(long revision)
    {
        using var client = new EtcdClient(options, TimeProvider.System);
        await client.CompactAsync(revision);
    }
}

/// <summary>
/// One etcd for all of them. They are one collection, so one test runs at a time: each counts revisions, and a compaction forgets everybody's.
/// </summary>
[CollectionDefinition(Name)]
public sealed class EtcdServer : IAsyncLifetime, ICollectionFixture<EtcdServer>
{
    public const string Name = "contract on etcd";

    private EtcdProcess? _etcd;

    public EtcdClientOptions Options => EtcdClientOptions.ForEndpoints(_etcd!.Endpoint) with { CallTimeout = TimeSpan.FromSeconds(20) };

    public async Task InitializeAsync() => _etcd = await EtcdProcess.StartNewAsync();

    public async Task DisposeAsync() => await _etcd!.DisposeAsync();
}
