using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Cluster.View;

/// <summary>What a proxy does when it cannot renew its lease.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StoreLossMode>))]
public enum StoreLossMode
{
    /// <summary>Goes on by its last table. Lost, it blocks planned moves until it returns or is forgotten.</summary>
    [JsonStringEnumMemberName("serve")]
    Serve,

    /// <summary>Stops everything before its lease could end, so that it counts as silent afterwards.</summary>
    [JsonStringEnumMemberName("fence")]
    Fence,
}

/// <summary>The value of <c>bucketproxy/proxies/&lt;instance&gt;</c>.</summary>
public sealed record ProxyRecord
{
    /// <summary>Where its admin port is reached, for people.</summary>
    public string? Address { get; init; }

    /// <summary>Its version.</summary>
    public string? Version { get; init; }

    /// <summary>What it does when it cannot renew its lease.</summary>
    public StoreLossMode OnStoreLoss { get; init; }

    /// <summary>Time to live of its lease, in seconds: how long after its lease ended a fencing proxy counts as silent.</summary>
    public double LeaseSeconds { get; init; }

    /// <summary>Bucket (two hex digits) to create-revision of the move: "of this very move nothing is in flight from me to
    /// the old owner, and nothing more will be" (S2).</summary>
    public ImmutableSortedDictionary<string, long> Silent { get; init; } =
        ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);

    /// <summary>Bucket to what keeps it busy, for people: why a move waits on this proxy.</summary>
    public ImmutableSortedDictionary<string, string> Busy { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>True: it stopped for good and nothing is in flight from it.</summary>
    public bool Left { get; init; }
}

/// <summary>One process that lost a bucket without a proven release (S9).</summary>
/// <param name="NodeId">The node.</param>
/// <param name="StartTime">Its start_time, or null where it reports none.</param>
/// <param name="LocalUrl">Its local_node_url.</param>
/// <param name="CreateRevision">Create-revision of its registration when it lost the bucket.</param>
/// <param name="Pin">The pin that it lost; null: the whole bucket.</param>
public sealed record UncleanProcess(
    string NodeId, string? StartTime, string LocalUrl, long CreateRevision, string? Pin = null);

/// <summary>The value of <c>bucketproxy/unclean/xx</c>.</summary>
public sealed record UncleanRecord
{
    /// <summary>The bucket.</summary>
    [JsonIgnore]
    public Bucket Bucket { get; init; }

    /// <summary>The processes; they never get the bucket back.</summary>
    public ImmutableArray<UncleanProcess> Processes { get; init; } = [];

    /// <summary>Mod-revision of the key (0: it is not there).</summary>
    [JsonIgnore]
    public long ModRevision { get; init; }
}

/// <summary>How a node gives a bucket up in a planned move.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReleaseMode>))]
public enum ReleaseMode
{
    /// <summary>Not at all: planned moves off the node are refused.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>It follows <c>assign-xx</c> itself. An assumption, not a proof.</summary>
    [JsonStringEnumMemberName("watch")]
    Watch,

    /// <summary>An HTTP call that answers 2xx once the bucket is saved and unloaded.</summary>
    [JsonStringEnumMemberName("call")]
    Call,

    /// <summary>A command that restarts the server.</summary>
    [JsonStringEnumMemberName("restart")]
    Restart,
}

/// <summary>Operators' wishes about one node: the value of <c>bucketproxy/policy/nodes/&lt;id&gt;</c>.</summary>
public sealed record NodePolicy
{
    /// <summary>Share of the buckets relative to the other nodes', above 0 up to 100; null: as configured, else 1.</summary>
    public double? Weight { get; init; }

    /// <summary>Gets no further buckets, keeps those it has.</summary>
    public bool Cordoned { get; init; }

    /// <summary>Gives all its buckets away.</summary>
    public bool Draining { get; init; }

    /// <summary>Draining without silence or release where they cannot be had.</summary>
    public bool ForceDrain { get; init; }

    /// <summary>How it gives buckets up; null: as configured.</summary>
    public ReleaseMode? Release { get; init; }

    /// <summary>An operator's word that the process recorded in unclean records is gone; its start_time, or "*".</summary>
    public string? ProcessGone { get; init; }

    /// <summary>Mod-revision of the key (0: it is not there).</summary>
    [JsonIgnore]
    public long ModRevision { get; init; }
}

/// <summary>Operators' wishes about the cluster: the value of <c>bucketproxy/policy/cluster</c>.</summary>
public sealed record ClusterPolicy
{
    /// <summary>No bucket changes owner.</summary>
    public bool Frozen { get; init; }

    /// <summary>Why, for people.</summary>
    public string? FrozenReason { get; init; }

    /// <summary>Nodes that were gone when an operator last lifted a freeze: their loss is accepted, the guard against mass
    /// loss does not count them until they have come back.</summary>
    public ImmutableArray<string> AcceptedLosses { get; init; } = [];

    /// <summary>Mod-revision of the key (0: it is not there).</summary>
    [JsonIgnore]
    public long ModRevision { get; init; }
}

/// <summary>A rebalance order: the value of <c>bucketproxy/rebalance</c>.</summary>
public sealed record RebalanceOrder
{
    /// <summary>The order's id.</summary>
    public required string Id { get; init; }

    /// <summary>The revision it was planned at.</summary>
    public long Revision { get; init; }

    /// <summary>Who ordered it.</summary>
    public string? By { get; init; }

    /// <summary>When, by the clock of the instance that took it. For people.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The moves that are still to be made or under way.</summary>
    public ImmutableArray<PlannedMoveRecord> Pending { get; init; } = [];

    /// <summary>The moves that were given up, each with the reason.</summary>
    public ImmutableArray<RefusedMoveRecord> Refused { get; init; } = [];

    /// <summary>True once nothing is left to do.</summary>
    public bool Done { get; init; }

    /// <summary>Mod-revision of the key (0: it is not there).</summary>
    [JsonIgnore]
    public long ModRevision { get; init; }
}

/// <summary>One move of an order.</summary>
/// <param name="Bucket">Two hex digits.</param>
/// <param name="Base">The pin, or null for the bucket.</param>
/// <param name="From">Who owns it.</param>
/// <param name="To">Who shall.</param>
/// <param name="Reason">Why.</param>
public sealed record PlannedMoveRecord(string Bucket, string? Base, string? From, string To, MoveReason Reason);

/// <summary>One move of an order that was given up.</summary>
/// <param name="Bucket">Two hex digits.</param>
/// <param name="Base">The pin, or null for the bucket.</param>
/// <param name="To">Who should have got it.</param>
/// <param name="Why">Why not, for people.</param>
public sealed record RefusedMoveRecord(string Bucket, string? Base, string To, string Why);

/// <summary>
/// What a node's registration last said: the value of <c>bucketproxy/nodes/&lt;id&gt;</c>. It outlives the registration, so that a
/// new leader knows whom to ping and which process lost a bucket, and a new proxy knows a suspect node's address.
/// </summary>
/// <param name="LocalUrl"><c>local_node_url</c> as registered.</param>
/// <param name="NodeUrl"><c>node_url</c> as registered, or null.</param>
/// <param name="StartTime"><c>start_time</c> as text, or null.</param>
/// <param name="CreateRevision">Create-revision of that registration.</param>
/// <param name="Gate">What the node's gate vouches for.</param>
/// <param name="GateRevision">Create-revision of the gate's key that stood beside the registration: the stay of the gate that the node's
/// process belongs to; 0: none stood.</param>
/// <param name="LateSaveSeconds">How long a save of its server can still land once it is dead, as the gate said (G9); null: nobody said.</param>
public sealed record KnownNode(
    string LocalUrl, string? NodeUrl, string? StartTime, long CreateRevision, GateKind Gate = GateKind.None,
    long GateRevision = 0, double? LateSaveSeconds = null);

/// <summary>What one proxy saw of each bucket lately: the value of <c>bucketproxy/load/&lt;instance&gt;</c>.</summary>
public sealed record LoadReport
{
    /// <summary>Bucket (two hex digits) to its load. A bucket without load is left out.</summary>
    public ImmutableSortedDictionary<string, BucketLoad> Buckets { get; init; } =
        ImmutableSortedDictionary.Create<string, BucketLoad>(StringComparer.Ordinal);

    /// <summary>The bases with the most requests, busiest first.</summary>
    public ImmutableArray<BaseLoad> Hottest { get; init; } = [];
}

/// <summary>The load of one bucket as one proxy saw it.</summary>
/// <param name="Rate">Requests a second.</param>
/// <param name="Bytes">Bytes a second, both ways.</param>
/// <param name="Sockets">Open tunnels.</param>
public sealed record BucketLoad(double Rate, double Bytes, int Sockets);

/// <summary>The load of one base.</summary>
/// <param name="Base">The base.</param>
/// <param name="Rate">Requests a second.</param>
public sealed record BaseLoad(string Base, double Rate);
