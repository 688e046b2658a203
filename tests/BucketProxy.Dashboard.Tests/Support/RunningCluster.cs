using System.Net;
using BucketProxy.Cluster.View;
using BucketProxy.Composition;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Values;
using BucketProxy.Core.Routing;
using BucketProxy.Demo;
using BucketProxy.Emulator;
using BucketProxy.Emulator.Nodes;
using BucketProxy.Testing;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Dashboard.Tests.Support;

/// <summary>A real instance, proxy and monitor on the embedded store, in front of emulated dtable-servers, as <c>demo</c> has it.</summary>
internal sealed class RunningCluster : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly List<EmulatedNode> _nodes = [];
    private readonly CancellationTokenSource _traffic = new();
    private BucketProxySettings _settings = new();
    private SampleTraffic? _sample;
    private Task _sending = Task.CompletedTask;
    private HostedInstance _hosted = null!;

    public Instance Instance => _hosted.Instance;

    public string Url => $"{Instance.Admin.Addresses[0]}/";

    public IReadOnlyList<EmulatedNode> Nodes => _nodes;

    /// <param name="nodes">How many dtable-servers.</param>
    /// <param name="token">The admin token; null: none.</param>
    public static async Task<RunningCluster> StartAsync(int nodes, string? token = null)
    {
        var cluster = new RunningCluster();
        for (var i = 1; i <= nodes; i++)
            await cluster.AddNodeAsync(i, 0);
        cluster._settings = new BucketProxySettings
        {
            Store = StoreKind.Embedded,
            DataDirectory = cluster._folder.Combine("data"),
            Cluster = "seatable",
            Instance = "proxy-1",
            Data = new DataSettings { Listen = new ListenAddress(IPAddress.Loopback, 0) },
            Admin = new AdminSettings { Listen = new ListenAddress(IPAddress.Loopback, 0), Token = token },
            Nodes = [.. cluster._nodes.Select(n => new NodeSettings { Id = n.Id, LocalNodeUrl = n.Url, Release = ReleaseMode.Call })],
            Monitor = new MonitorSettings
            {
                MinNodes = nodes,
                PingInterval = TimeSpan.FromMilliseconds(100),
                PingTimeout = TimeSpan.FromMilliseconds(500),
                // Longer than the monitor takes to call a node silent (20 s).
                RegistrationTimeout = TimeSpan.FromSeconds(25),
                NodeGrace = TimeSpan.FromSeconds(2),
                LoadInterval = TimeSpan.FromSeconds(1),
            },
            Proxy = new ProxySettings { LoadInterval = TimeSpan.FromSeconds(1) },
        };
        await cluster.StartInstanceAsync();
        return cluster;
    }

    /// <summary>Stops the instance; its port is closed.</summary>
    public async Task StopInstanceAsync()
    {
        // Again where it was.
        var port = new Uri(Url).Port;
        _settings = _settings with { Admin = _settings.Admin with { Listen = new ListenAddress(IPAddress.Loopback, port) } };
        await _hosted.DisposeAsync();
    }

    public async Task StartInstanceAsync()
    {
        var builder = InstanceHost.Create(_settings, TimeProvider.System, new Dictionary<string, string>());
        builder.Logging.ClearProviders();
        _hosted = await InstanceHost.StartAsync(builder, CancellationToken.None);
        await UntilAsync(() => Instance.Table.Table.Buckets.All(b => b.State == EntryState.Open));
    }

    /// <summary>Kills a node: no word, nothing saved.</summary>
    public Task KillAsync(int index) => _nodes[index].AbortAsync();

    /// <summary>Clients as <c>demo</c> has them, until the end.</summary>
    public void SendTraffic()
    {
        _sample = new SampleTraffic(new Uri(Instance.Proxy!.Host.Addresses[0]), new SampleBases(300, seed: 1), TimeProvider.System);
        _sending = _sample.RunAsync(_traffic.Token);
    }

    /// <summary>Ends the clients: a node that dies under them would keep them waiting.</summary>
    public async Task StopTrafficAsync()
    {
        await _traffic.CancelAsync();
        await _sending;
    }

    public static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience.Limit, TimeProvider.System);
        while (!condition())
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await StopTrafficAsync();
        _sample?.Dispose();
        await _hosted.DisposeAsync();
        foreach (var node in _nodes)
            await node.DisposeAsync();
        _traffic.Dispose();
        _folder.Dispose();
    }

    private async Task AddNodeAsync(int number, int port)
    {
        var node = new EmulatedNode(new EmulatorOptions { Id = $"dtable-server-{number:00}", StorageDirectory = _folder.Combine("bases"), Port = port });
        _nodes.Add(node);
        await node.StartAsync();
    }
}
