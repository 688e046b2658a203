using BucketProxy.Cluster.Etcd;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Tests.Store;
using BucketProxy.Etcd;
using BucketProxy.EtcdTesting;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Cluster.Tests.Etcd;

/// <summary>The contract, on a real etcd.</summary>
public sealed class EtcdStoreContractTests(EtcdStoreContractTests.Server server) : ClusterStoreContract, IClassFixture<EtcdStoreContractTests.Server>
{
    protected override Task<IClusterStore> OpenAsync() =>
        Task.FromResult<IClusterStore>(new EtcdStore(server.Options, TimeProvider.System, NullLogger<EtcdStore>.Instance));

    // A real etcd has real time only.
    protected override Task PassAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System);

    protected override async Task CompactAsync(long revision)
    {
        using var client = new EtcdClient(server.Options, TimeProvider.System);
        await client.CompactAsync(revision);
    }

    public sealed class Server : IAsyncLifetime
    {
        private EtcdProcess? _etcd;

        public EtcdClientOptions Options => EtcdClientOptions.ForEndpoints(_etcd!.Endpoint) with { CallTimeout = TimeSpan.FromSeconds(20) };

        public async Task InitializeAsync() => _etcd = await EtcdProcess.StartNewAsync();

        public async Task DisposeAsync() => await _etcd!.DisposeAsync();
    }
}
