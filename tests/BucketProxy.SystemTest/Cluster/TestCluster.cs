using System.Globalization;
using BucketProxy.Cluster.Etcd;
using BucketProxy.Emulator.Checking;
using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.EtcdTesting;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.SystemTest.Cluster;

/// <summary>etcd, monitors, proxies and dtable-servers: real processes on this machine.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly string _directory;
    private readonly List<IAsyncDisposable> _parts = [];

    private TestCluster(string directory) => _directory = directory;

    public EtcdCluster Etcd { get; private set; } = null!;

    public EtcdClient? EtcdClient { get; private set; }

    public IReadOnlyList<NodeProcess> Nodes { get; private set; } = [];

    public IReadOnlyList<ServeProcess> Proxies { get; private set; } = [];

    public IReadOnlyList<ServeProcess> Monitors { get; private set; } = [];

    public OwnershipRecorder Owners { get; private set; } = null!;

    public Operator Operator { get; private set; } = null!;

    public string Storage => Path.Combine(_directory, "storage");

    public static async Task<TestCluster> StartAsync(SystemTestOptions options, string directory)
    {
        var cluster = new TestCluster(directory);
        try
        {
            await cluster.StartAsync(options);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops everything in order: what is in memory is saved, what is in flight runs out.</summary>
    public async Task StopAsync()
    {
        await Task.WhenAll(Proxies.Select(proxy => proxy.TerminateAsync()));
        await Task.WhenAll(Nodes.Select(node => node.TerminateAsync()));
        await Task.WhenAll(Monitors.Select(monitor => monitor.TerminateAsync()));
    }

    /// <summary>What every process wrote, into a file each.</summary>
    public async Task WriteLogsAsync()
    {
        foreach (var part in Nodes.Concat<IRestartable>(Proxies).Concat(Monitors))
            await File.WriteAllTextAsync(Path.Combine(_directory, part.Name + ".log"), part.Output);
    }

    public async ValueTask DisposeAsync()
    {
        EtcdClient?.Dispose();
        for (var i = _parts.Count - 1; i >= 0; i--)
            await _parts[i].DisposeAsync();
    }

    private async Task StartAsync(SystemTestOptions options)
    {
        Etcd = Keep(await EtcdCluster.StartAsync(options.EtcdMembers));
        var endpoints = string.Join(',', Etcd.Nodes.Select(node => node.Endpoint));
        var clientOptions = EtcdClientOptions.ForEndpoints(Etcd.Nodes.Select(node => node.Endpoint));
        EtcdClient = new EtcdClient(clientOptions, TimeProvider.System);
        var store = Keep(new EtcdStore(clientOptions, TimeProvider.System, NullLogger<EtcdStore>.Instance));
        Owners = new OwnershipRecorder(store, new BucketProxy.Cluster.Keys.KeySchema(), TimeProvider.System);
        await Owners.StartAsync();
        Keep(Owners);

        var settings = await SettingsFile.WriteAsync(_directory, endpoints, options);
        Nodes = Each(options.Nodes, i => new NodeProcess(string.Create(CultureInfo.InvariantCulture, $"dtable-server-{i:00}"), Storage, _directory, endpoints, options));
        Monitors = Each(options.Monitors, i => new ServeProcess($"monitor-{i}", "monitor", settings, _directory));
        Proxies = Each(options.Proxies, i => new ServeProcess($"proxy-{i}", "proxy", settings, _directory));
        Operator = Keep(new Operator(Monitors));
        await Task.WhenAll(Nodes.Select(node => node.StartAsync()));
        await Task.WhenAll(Monitors.Concat(Proxies).Select(serve => serve.StartAsync()));
        await Operator.UntilSettledAsync(options.Nodes, TimeSpan.FromSeconds(60));
    }

    private List<T> Each<T>(int count, Func<int, T> create)
        where T : IAsyncDisposable => [.. Enumerable.Range(1, count).Select(i => Keep(create(i)))];

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }
}
