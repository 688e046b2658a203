namespace BucketProxy.Core.Nodes;

/// <summary>A dtable-server as its registration describes it. Immutable; equal when all fields are.</summary>
public sealed record NodeRecord
{
    /// <summary>Node ids begin with this; the id is the registration's key.</summary>
    public const string IdPrefix = "dtable-server-";

    /// <summary>The id, for example <c>dtable-server-01</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Where the proxy reaches the node: absolute, http or https, may hold a path; never ends in a slash
    /// (<see cref="LocalUrlText"/> keeps the text as registered).</summary>
    public required Uri LocalUrl { get; init; }

    /// <summary><c>local_node_url</c> exactly as registered.</summary>
    public required string LocalUrlText { get; init; }

    /// <summary><c>node_url</c>: where browsers reach the node; null where the registration has none.</summary>
    public string? NodeUrl { get; init; }

    /// <summary><c>start_time</c> as text, or null.</summary>
    public string? StartTime { get; init; }

    /// <summary><c>refresh_time</c> as text, or null: some clusters judge liveness by it instead of a lease.</summary>
    public string? RefreshTime { get; init; }

    /// <summary>True when our registrar wrote this registration on the node's behalf: it holds
    /// <c>"registered_by": "bucketproxy"</c>.</summary>
    public bool RegisteredByUs { get; init; }

    /// <summary>True when the node says that it follows single bases that are pinned elsewhere, not only buckets: it holds
    /// <c>"follows_pins": true</c>.</summary>
    public bool FollowsPins { get; init; }

    /// <summary>What stands in front of the node, as its registration says: <c>"gate": "supervised"</c> or <c>"unsupervised"</c>.</summary>
    public GateKind Gate { get; init; }

    /// <summary>
    /// The run of the server that requests are bound to (G2); null: whichever run answers at the address. Only a gate knows it, of its own
    /// server, whose address here is the one behind the gate.
    /// </summary>
    public string? Incarnation { get; init; }

    /// <summary>Store revision at which the registration came into being (0 for a node known from configuration only).</summary>
    public long CreateRevision { get; init; }

    /// <summary>The run of the server behind this registration.</summary>
    public NodeProcess Process => new(Id, CreateRevision, StartTime, LocalUrlText);
}
