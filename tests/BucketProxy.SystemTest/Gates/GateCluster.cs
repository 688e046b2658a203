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
/// One etcd member, a monitor, two proxies and three gates with their servers: real processes on this machine. Where nothing else is said, the third server is a
/// zombie: it does not stop when it is told to, and saves what it holds whether it changed or not.
/// </summary>
internal sealed class GateCluster : IAsyncDisposable
{
    public const int NodeCount = 3;
    private const int LeastShare = 30;

    private readonly string _directory;
    private readonly List<IAsyncDisposable> _parts = [];
    private ServerDeaths? _deaths;

    private GateCluster(string directory) => _directory = directory;

    public IReadOnlyList<GateProcess> Gates { get; private set; } = [];

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

    public GateProcess Zombie => Gates[^1];

    /// <param name="directory">Where logs, journals and storage go.</param>
    /// <param name="terms">How every gate is set; null: with short leases, and a zombie behind the third.</param>
    /// <param name="monitor">How the monitor is set; null: as in the other tests.</param>
    public static async Task<GateCluster> StartAsync(string directory, GateTerms? terms = null, JsonObject? monitor = null)
    {
        var cluster = new GateCluster(directory);
        try
        {
            await cluster.StartAsync(terms, monitor);
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
        await Task.WhenAll(Gates.Select(gate => gate.TerminateAsync()));
        await Task.WhenAll(Monitors.Select(monitor => monitor.TerminateAsync()));
        await _deaths!.DisposeAsync();
    }

    /// <summary>What every process wrote, into a file each.</summary>
    public async Task WriteLogsAsync()
    {
        foreach (var part in Gates.Concat<IRestartable>(Proxies).Concat(Monitors))
            await File.WriteAllTextAsync(Path.Combine(_directory, part.Name + ".log"), part.Output);
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = _parts.Count - 1; i >= 0; i--)
            await _parts[i].DisposeAsync();
    }

    private async Task StartAsync(GateTerms? terms, JsonObject? monitor)
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

        var settings = await SettingsFile.WriteAsync(_directory, endpoint, new SystemTestOptions { Nodes = NodeCount, HandOff = false }, monitor);
        Gates = [.. Enumerable.Range(1, NodeCount).Select(i => Keep(new GateProcess(
            string.Create(CultureInfo.InvariantCulture, $"dtable-server-{i:00}"), settings, Storage, _directory, etcdPort, terms ?? (i == NodeCount ? GateTerms.Zombie : GateTerms.Short))))];
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
        await Task.WhenAll(Gates.Select(gate => gate.StartAsync()));
        await UntilSettledAsync(NodeCount);
    }

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }
}
