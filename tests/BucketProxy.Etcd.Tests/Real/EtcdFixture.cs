using BucketProxy.Etcd.Client;
using BucketProxy.EtcdTesting;

namespace BucketProxy.Etcd.Tests.Real;

/// <summary>One real etcd for all tests of a class; each test uses keys of its own.</summary>
public sealed class EtcdFixture : IAsyncLifetime, IDisposable
{
    private EtcdProcess? _etcd;
    private EtcdClient? _client;
    private int _tests;

    public EtcdProcess Etcd => _etcd!;

    public EtcdClient Client => _client!;

    /// <summary>A key prefix that no other test uses.</summary>
    public string NewPrefix() => $"test{Interlocked.Increment(ref _tests)}/";

    public async Task InitializeAsync()
    {
        _etcd = await EtcdProcess.StartNewAsync();
        _client = new EtcdClient(EtcdClientOptions.ForEndpoints(_etcd.Endpoint) with { CallTimeout = TimeSpan.FromSeconds(20) }, TimeProvider.System);
    }

    public void Dispose() => _client?.Dispose();

    public async Task DisposeAsync()
    {
        if (_etcd is not null)
            await _etcd.DisposeAsync();
    }
}
