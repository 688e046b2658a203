using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Orders;
using BucketProxy.Monitor.Service;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Monitor.Tests.Support;

/// <summary>An embedded store on disk with its mirror, real nodes, and as many monitors as a test wants. Real time; nothing here
/// asserts how long anything takes.</summary>
internal sealed class RunningCluster : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("bucketproxy-monitor-").FullName;
    private readonly List<MonitorService> _monitors = [];
    private readonly List<FakeNode> _nodes = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _proxies = [];

    public RunningCluster()
    {
        Store = EmbeddedStore.Open(new EmbeddedStoreOptions { Directory = _directory });
        Mirror = new StoreMirror(Store, Keys, new MirrorOptions(), TimeProvider.System, NullLogger<StoreMirror>.Instance);
        Mirror.Start();
    }

    public KeySchema Keys { get; } = new();

    public EmbeddedStore Store { get; }

    public StoreMirror Mirror { get; }

    public MonitorOptions Options { get; set; } = new()
    {
        PingInterval = TimeSpan.FromSeconds(0.1),
        PingTimeout = TimeSpan.FromSeconds(5),
        NodeGrace = TimeSpan.FromSeconds(0.3),
        RegistrationTimeout = TimeSpan.FromSeconds(1),
        MassLossWindow = TimeSpan.FromSeconds(1),
    };

    public IReadOnlyList<FakeNode> Nodes => _nodes;

    public ClusterOrders Orders =>
        new(Store, Keys, Mirror, Options, TimeProvider.System, Mirror.AcceptStoreAsync);

    public async Task<FakeNode> AddNodeAsync(string id, ReleaseMode release)
    {
        var node = await FakeNode.StartAsync(id);
        _nodes.Add(node);
        Options = Options with
        {
            Nodes = Options.Nodes.Add(new NodeOptions { Id = id, LocalNodeUrl = node.Url, Release = release }),
            MinNodes = _nodes.Count,
        };
        return node;
    }

    public MonitorService StartMonitor(string instance)
    {
        var monitor = new MonitorService(Store, Keys, Mirror, () => Mirror.Status.NotAdopted, Options with { Instance = instance },
            TimeProvider.System, NullLogger<MonitorService>.Instance);
        _monitors.Add(monitor);
        monitor.Start();
        return monitor;
    }

    /// <summary>A proxy that falls silent about every move as soon as it sees it.</summary>
    public async Task AddProxyAsync(string instance)
    {
        var record = new ProxyRecord();
        await Store.CommitAsync(new StoreTransaction
        {
            Success = [StoreOperation.PutText(Keys.Proxy(instance), RecordJson.Write(record)), StoreOperation.PutText(Keys.Alive(instance), "")],
        });
        _proxies.Add(Task.Run(async () =>
        {
            while (true)
            {
                var view = Mirror.Current;
                var silent = view?.Moves.ToDictionary(m => m.Key.ToString(), m => m.Value.CreateRevision) ?? [];
                if (!silent.All(s => record.Silent.TryGetValue(s.Key, out var told) && told == s.Value))
                {
                    record = record with { Silent = record.Silent.Clear().AddRange(silent) };
                    await Store.CommitAsync(new StoreTransaction
                    {
                        Success = [StoreOperation.PutText(Keys.Proxy(instance), RecordJson.Write(record))],
                    });
                }
                await Mirror.ChangedSinceAsync(view, _stop.Token);
            }
        }));
    }

    /// <summary>Completes when a view shows it.</summary>
    public async Task<ClusterView> UntilAsync(Func<ClusterView, bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        while (true)
        {
            var view = Mirror.Current;
            if (view is not null && condition(view))
                return view;
            await Mirror.ChangedSinceAsync(view, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var proxy in _proxies)
            await ((Task)proxy).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var monitor in _monitors)
            await monitor.DisposeAsync();
        foreach (var node in _nodes)
            await node.DisposeAsync();
        await Mirror.DisposeAsync();
        await Store.DisposeAsync();
        _stop.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
