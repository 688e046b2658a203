using BucketProxy.Admin;
using BucketProxy.Admin.Contract;
using BucketProxy.Admin.Hosting;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.LocalState;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Composition.Gates;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Mapping;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Monitor.Orders;
using BucketProxy.Monitor.Service;
using BucketProxy.Telemetry;

namespace BucketProxy.Composition;

/// <summary>
/// One process of a cluster: store, mirror, operators' port, and the roles it was given. What is started last is stopped first: the
/// proxy lets its requests run out while everything that moves need is still there.
/// </summary>
internal sealed class Instance : IHostedService, IAsyncDisposable
{
    private readonly Stack<Func<ValueTask>> _endings = new();
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _time;
    private readonly InstanceTelemetry _telemetry;
    private AdminContext? _context;
    private RoutingTable? _shown;
    private volatile bool _stopping;

    /// <summary>Makes it; nothing is open before <see cref="StartAsync"/>.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="id">Its id, unique per process.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Where to log; not disposed of.</param>
    /// <param name="telemetry">What it tells through; outlives it.</param>
    public Instance(BucketProxySettings settings, string id, TimeProvider time, ILoggerFactory loggers, InstanceTelemetry telemetry)
    {
        Settings = settings;
        Id = id;
        _time = time;
        _loggers = loggers;
        _telemetry = telemetry;
        Keys = settings.ToKeySchema();
    }

    /// <summary>The settings it runs by.</summary>
    public BucketProxySettings Settings { get; }

    /// <summary>Unique per process.</summary>
    public string Id { get; }

    /// <summary>How keys are spelled.</summary>
    public KeySchema Keys { get; }

    /// <summary>The table that requests are routed by; stays empty in a process that is no proxy.</summary>
    public CurrentTable Table { get; } = new();

    /// <summary>The store.</summary>
    public IClusterStore Store { get; private set; } = null!;

    /// <summary>The store as this process sees it.</summary>
    public StoreMirror Mirror { get; private set; } = null!;

    /// <summary>The operators' port.</summary>
    public AdminHost Admin { get; private set; } = null!;

    /// <summary>The proxy, if this process is one.</summary>
    public ProxyRole? Proxy { get; private set; }

    /// <summary>The gate, if this process is one.</summary>
    public GateRole? Gate { get; private set; }

    /// <summary>The monitor, if this process is one.</summary>
    public MonitorService? Monitor { get; private set; }

    /// <summary>Where this process reaches its own operators' port; null: it is not open yet.</summary>
    public Uri? AdminAddress { get; private set; }

    /// <summary>Ready for requests, or why not.</summary>
    public HealthReport Health() => _context?.Health() ?? new HealthReport(false, ["it starts"]);

    /// <summary>Starts everything that the settings ask for.</summary>
    /// <exception cref="IOException">A port is taken, or a directory cannot be used or belongs to another process.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // :: Step 1: what this process must have for itself. A second process with the same directory ends here.
        var state = StateDirectory.Open(Path.Combine(Settings.DataDirectory, "state"), Id, _time);
        _endings.Push(() =>
        {
            state.Dispose();
            return ValueTask.CompletedTask;
        });
        Store = StoreFactory.Open(Settings, _time, _loggers);
        _endings.Push(Store.DisposeAsync);
        var cache = new TableCache(state, Settings.OnStoreLoss, Table, _time, _loggers.CreateLogger<TableCache>());
        _endings.Push(cache.DisposeAsync);
        Mirror = new StoreMirror(Store, Keys, new MirrorOptions(), _time, _loggers.CreateLogger<StoreMirror>(), cache.Seen);
        cache.Mark = () => Mirror.Seen;
        _endings.Push(Mirror.DisposeAsync);

        // :: Step 2: operators first. While anything else is missing, health says what.
        var context = _context = AdminContextOf();
        InstanceMetrics.Make(_telemetry, context, new InstanceParts(Settings, () => Proxy?.Host, () => Proxy?.Agent, () => Monitor, () => Gate?.Agent), _time);
        Admin = AdminHost.Create(context, _loggers, _time);
        _endings.Push(Admin.DisposeAsync);
        await Admin.StartAsync(cancellationToken);
        AdminAddress = Admin.LocalAddress;
        _endings.Push(() => new ValueTask(Admin.StopAsync(CancellationToken.None)));

        // :: Step 3: the roles. A proxy registers before the mirror reads.
        var address = Admin.PublicAddress;
        if (Settings.Roles.Contains(Role.Monitor) && Settings.Monitor.Mode == MonitorMode.On)
        {
            Monitor = new MonitorService(
                Store, Keys, Mirror, () => Mirror.Status.NotAdopted, Settings.ToMonitorOptions(Id, address), _time,
                _loggers.CreateLogger<MonitorService>(), _telemetry.Meters);
            _endings.Push(Monitor.DisposeAsync);
            Monitor.Start();
        }
        if (Settings.Roles.Contains(Role.Proxy))
        {
            Proxy = await ProxyRole.StartAsync(
                Table, cache, Store, Keys, Mirror, Settings.ToGatewayOptions(), _telemetry.Gateway,
                Settings.ToProxyAgentOptions(Id, address, AdminContext.Version, state.Predecessors), _time, _loggers, cancellationToken);
            _endings.Push(Proxy.DisposeAsync);
        }
        if (Settings.Roles.Contains(Role.Gate))
        {
            Gate = await GateRole.StartAsync(
                Store, Keys, Mirror, Settings.ToGateDataOptions(), GateTelemetry(), Settings.ToGateOptions(),
                Settings.ToGateProxyOptions(Id, address, AdminContext.Version, state.Predecessors), Settings.ToGateCallOptions(), _loggers, cancellationToken);
            _endings.Push(Gate.DisposeAsync);
        }
        if (Proxy is not null || Gate is not null)
            _ = ForgetPredecessorsAsync(Task.WhenAll(Proxy?.Agent.Serving ?? Task.CompletedTask, Gate?.Serving ?? Task.CompletedTask), state);
        Mirror.Start();
    }

    // Beside a proxy in one process the gate's figures would be taken for the proxy's: they stand in a meter that nobody collects.
    private GatewayTelemetry GateTelemetry() =>
        Settings.Roles.Contains(Role.Proxy) ? _telemetry.Gateway with { Meters = new GateMeters(_telemetry.Meters) } : _telemetry.Gateway;

    private AdminContext AdminContextOf() => new()
    {
        Figures = _telemetry.Figures,
        Meters = _telemetry.Meters,
        Settings = Settings,
        Instance = Id,
        StoreDescription = Store.Description,
        Views = Mirror,
        Mirror = () => Mirror.Status,
        Table = ShownTable,
        Desk = new ClusterDesk(
            new ClusterOrders(
                Store, Keys, Mirror, Settings.ToMonitorOptions(Id, null), _time, cancel => Mirror.AcceptStoreAsync(cancel)),
            Mirror),
        NotReady =
        [
            () => _stopping ? "it is stopping" : null,
            // A proxy beside it is ready without it: it is one server of many.
            () => Settings.Roles.Contains(Role.Gate) && !Settings.Roles.Contains(Role.Proxy) ? Gate is { } gate ? gate.NotReady : "the gate starts" : null,
            () => Proxy is { Agent.Phase: var phase and not Gateway.Participation.ProxyPhase.Serving } ? $"the proxy is {phase.ToString().ToLowerInvariant()}{(Proxy.Agent.Trouble is { } trouble ? $": {trouble}" : "")}" : null,
        ],
    };

    // A process that is no proxy has no table; it shows the one that a proxy would have.
    private RoutingTable ShownTable()
    {
        if (Settings.Roles.Contains(Role.Proxy))
            return Table.Table;
        var before = Volatile.Read(ref _shown) ?? RoutingTable.Empty;
        if (Mirror.Current is not { } view || view.Revision == before.Revision)
            return before;
        var table = RoutingTableBuilder.Build(before, view);
        Volatile.Write(ref _shown, table);
        return table;
    }

    // Once this process serves for itself, the records of those before it are out of the store.
    private async Task ForgetPredecessorsAsync(Task serving, StateDirectory state)
    {
        await serving;
        try
        {
            state.ForgetPredecessors();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // The next process takes them out of the store once more, which does no harm.
            Log.PredecessorsKept(_loggers.CreateLogger<Instance>(), e, state.Description);
        }
    }

    /// <summary>Stops in the reverse order: requests and sockets first, then the roles, then the store.</summary>
    /// <param name="cancellationToken">Not heeded: what ends a drain is its own limit (<c>data.drainLimit</c>).</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        while (_endings.TryPop(out var ending))
            await ending();
    }

    /// <summary>Stops, if nobody did.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);
}
