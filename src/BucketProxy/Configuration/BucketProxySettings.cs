using System.Collections.Immutable;
using System.Net;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Configuration;

/// <summary>Where the cluster's state lives.</summary>
internal enum StoreKind
{
    /// <summary>In a directory of this process: one machine, no server to install.</summary>
    Embedded,

    /// <summary>In etcd, where SeaTable's own programs read and write it too.</summary>
    Etcd,
}

/// <summary>What a process does.</summary>
internal enum Role
{
    /// <summary>Serves requests.</summary>
    Proxy,

    /// <summary>Assigns buckets; one of all monitors leads.</summary>
    Monitor,

    /// <summary>Stands in front of one dtable-server, as the only way to it.</summary>
    Gate,
}

/// <summary>Everything an operator can set. Read by <see cref="Loading.SettingsLoader"/>; a value that is not allowed never gets here.</summary>
internal sealed record BucketProxySettings
{
    [Setting("Where the cluster's state lives: 'embedded' in a directory of this process (one machine, nothing to install), 'etcd' in the etcd that SeaTable's servers use. Never assumed: a proxy that merely lost its etcd setting would become a second cluster.",
        DefaultText = "none: it must be given")]
    public StoreKind? Store { get; init; }

    [Setting("The directory of this process: the embedded store, the last good routing table, the lock that keeps a second process out. Relative to the working directory. Must survive restarts.")]
    public string DataDirectory { get; init; } = "bucketproxy-data";

    [Setting("The cluster's name. A data directory belongs to one cluster and is refused by another one.",
        Allowed = "letters, digits, '-', '_' and '.', at most 64")]
    public string Cluster { get; init; } = "seatable";

    [Setting("This process's name among the proxies and monitors, shown in the status. Each start adds a part of its own.",
        DefaultText = "the machine's name", Allowed = "letters, digits, '-', '_' and '.', at most 64")]
    public string? Instance { get; init; }

    [Setting("What this process does. Any number of proxies and of monitors may run; they share nothing but the store.")]
    public ImmutableArray<Role> Roles { get; init; } = [Role.Proxy, Role.Monitor];

    [Setting("How etcd is reached, for \"store\": \"etcd\".")]
    public EtcdSettings Etcd { get; init; } = new();

    [Setting("The port that requests come to.")]
    public DataSettings Data { get; init; } = new();

    [Setting("The port for operators: dashboard, API, metrics, health, /rebalance/.")]
    public AdminSettings Admin { get; init; } = new();

    [Setting("The dtable-servers that need something said of them. With etcd the list may be empty: servers of a SeaTable cluster register themselves.")]
    public ImmutableArray<NodeSettings> Nodes { get; init; } = [];

    [Setting("The networks that dtable-servers may stand in. A server with another address is never connected to, whoever registered it and whatever its name resolves to.",
        DefaultText = "none: any")]
    public ImmutableArray<IPNetwork> NodeNetworks { get; init; } = [];

    [Setting("Which server gets which bucket.")]
    public PlacementSettings Placement { get; init; } = new();

    [Setting("Single bases that a given server shall own, whatever the placement says: a whole UUID, or the first 8 or more hex digits of one, to a node id. The longest that fits wins.")]
    public ImmutableSortedDictionary<string, string> Pins { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    [Setting("The cluster monitor: who assigns buckets, and how.")]
    public MonitorSettings Monitor { get; init; } = new();

    [Setting("What a proxy does that cannot renew its lease in the store. 'serve': goes on by its last table; lost for good, it blocks planned moves until it returns or is forgotten. 'fence': stops serving before its lease could end, so that nobody has to wait for it.")]
    public StoreLossMode OnStoreLoss { get; init; } = StoreLossMode.Serve;

    [Setting("How a proxy takes part in the cluster.")]
    public ProxySettings Proxy { get; init; } = new();

    [Setting("The gate of one dtable-server, for the role 'gate'. It is the only way to that server, for proxies and browsers. What the gate's port does with a request otherwise is said under data, as for a proxy.")]
    public GateSettings Gate { get; init; } = new();

    [Setting("Figures and traces: what is collected, and where it goes. The standard OTEL_ variables (endpoint, protocol, headers and timeout of OTLP, export interval, service name, sampler, exporters, OTEL_SDK_DISABLED) count too, under BUCKETPROXY_ variables and over files.")]
    public TelemetrySettings Telemetry { get; init; } = new();

    [Setting("What is written to the log.")]
    public LoggingSettings Logging { get; init; } = new();

    /// <summary>Where servers may stand.</summary>
    public NodeNetworks ToNodeNetworks() => NodeNetworks.IsEmpty ? Core.Nodes.NodeNetworks.Any : new NodeNetworks(NodeNetworks);
}
