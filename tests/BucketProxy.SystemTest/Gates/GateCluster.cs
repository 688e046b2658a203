using System.Globalization;
using System.Text.Json.Nodes;
using BucketProxy.Cluster.Etcd;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Emulator.Checking;
using BucketProxy.Etcd;
using BucketProxy.EtcdTesting;
using BucketProxy.SystemTest.Cluster;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.SystemTest.Gates;

/// <summary>
/// One etcd member, a monitor, two proxies, gates with their servers, and servers without a gate: real processes on this machine.
/// </summary>
internal sealed class GateCluster : IAsyncDisposable
{
    private const int LeastShare = 30;

    private readonly string _directory;
    private readonly List<IAsyncDisposable> _parts = [];
    private ServerDeaths? _deaths;

    private GateCluster(string directory) => _directory = directory;

    public IReadOnlyList<GateProcess> Gates { get; private set; } = [];

    /// <summary>Servers without a gate: they follow the assignments in etcd by themselves.</summary>
    public IReadOnlyList<NodeProcess> Ungated { get; private set; } = [];

    /// <summary>Servers, with and without a gate.</summary>
    public IReadOnlyList<RestartableProcess> Nodes => [.. Gates, .. Ungated];

    public int NodeCount => Gates.Count + Ungated.Count;

    public IReadOnlyList<ServeProcess> Proxies { get; private set; } = [];

    public IReadOnlyList<ServeProcess> Monitors { get; private set; } = [];

    /// <summary>Between the second proxy and etcd.</summary>
    public TcpRelay ProxyWire { get; private set; } = null!;

    public IClusterStore Store { get; private set; } = null!;

    public OwnershipRecorder Owners { get; private set; } = null!;

    public Operator Operator { get; private set; } = null!;

    public string Storage => Path.Combine(_directory, "storage");

    /// <summary>When each server was seen dead.</summary>
    public IReadOnlyList<ObservedExit> Exits => _deaths!.Seen;

    /// <param name="directory">Where logs, journals and storage go.</param>
    /// <param name="gates">The servers with a gate.</param>
    /// <param name="ungated">How many have none.</param>
    /// <param name="monitor">How the monitor is set; null: as in the other tests.</param>
    public static async Task<GateCluster> StartAsync(string directory, IReadOnlyList<GateProcessOptions> gates, int ungated = 0, JsonObject? monitor = null)
    {
        var cluster = new GateCluster(directory);
        try
        {
            await cluster.StartAsync(gates, ungated, monitor);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until every bucket has an owner, so many nodes own some, and nothing moves.</summary>
    public Task UntilSettledAsync(int owners) => Operator.UntilSettledAsync(owners, TimeSpan.FromSeconds(120));

    /// <summary>What owns nothing gets its share again, as far as the others can give it.</summary>
    public Task RebalanceAsync() => Operator.UntilAsync("every node owns its share", TimeSpan.FromSeconds(150), async () =>
    {
        await Operator.PostAsync("/rebalance/?wait=true");
        var buckets = (await Operator.GetAsync("/api/buckets")).AsArray();
        var shares = buckets.CountBy(b => (string?)b!["node"] ?? "").Select(b => b.Value).ToList();
        return buckets.All(b => (string?)b!["state"] == "open") && shares.Count == NodeCount && shares.Min() >= LeastShare;
    });

    /// <summary>Stops everything in order: what is in memory is saved, what is in flight runs out.</summary>
    public async Task StopAsync()
    {
        await Task.WhenAll(Proxies.Select(proxy => proxy.TerminateAsync()));
        await Task.WhenAll(Nodes.Select(node => node.TerminateAsync()));
        await Task.WhenAll(Gates.Select(gate => gate.Server?.TerminateAsync() ?? Task.CompletedTask));
        await Task.WhenAll(Monitors.Select(monitor => monitor.TerminateAsync()));
        await _deaths!.DisposeAsync();
    }

    /// <summary>What every process wrote, into a file each.</summary>
    public async Task WriteLogsAsync()
    {
        foreach (var part in Nodes.Concat<IRestartable>(Proxies).Concat(Monitors))
            await File.WriteAllTextAsync(Path.Combine(_directory, part.Name + ".log"), part.Output);
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = _parts.Count - 1; i >= 0; i--)
            await _parts[i].DisposeAsync();
    }

    private async Task StartAsync(IReadOnlyList<GateProcessOptions> gates, int ungated, JsonObject? monitor)
    {
        var etcd = Keep(await EtcdCluster.StartAsync(1));
        var endpoint = etcd.Nodes[0].Endpoint;
        var etcdPort = new Uri(endpoint).Port;
        var store = Keep(new EtcdStore(EtcdClientOptions.ForEndpoints([endpoint]), TimeProvider.System, NullLogger<EtcdStore>.Instance));
        Store = store;
        Owners = new OwnershipRecorder(store, new KeySchema(), TimeProvider.System);
        await Owners.StartAsync();
        Keep(Owners);
        ProxyWire = Keep(new TcpRelay(etcdPort));

        var settings = await SettingsFile.WriteAsync(_directory, endpoint, new SystemTestOptions { Nodes = gates.Count + ungated, HandOff = false }, monitor);
        Gates = [.. gates.Select((gate, i) => Keep(new GateProcess(NodeName(i), settings, Storage, _directory, etcdPort, gate)))];
        Ungated = [.. Enumerable.Range(gates.Count, ungated).Select(i => Keep(new NodeProcess(
            NodeName(i), Storage, _directory, endpoint, new SystemTestOptions { FlushInterval = TimeSpan.FromSeconds(2) }, "--operation-log")))];
        Monitors = [Keep(new ServeProcess("monitor-1", "monitor", settings, _directory))];
        Proxies =
        [
            Keep(new ServeProcess("proxy-1", "proxy", settings, _directory)),
            Keep(new ServeProcess("proxy-2", "proxy", settings, _directory, $"etcd.endpoints=127.0.0.1:{ProxyWire.Port}")),
        ];
        Operator = Keep(new Operator(Monitors));
        _deaths = Keep(new ServerDeaths(Gates));
        foreach (var serve in Monitors.Concat(Proxies))
            await serve.StartAsync();
        await Task.WhenAll(Gates.Select(gate => gate.Server?.StartAsync() ?? Task.CompletedTask));
        await Task.WhenAll(Nodes.Select(node => node.StartAsync()));
        await UntilSettledAsync(NodeCount);
    }

    private static string NodeName(int index) => string.Create(CultureInfo.InvariantCulture, $"dtable-server-{index + 1:00}");

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }
}
