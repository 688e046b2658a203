using System.Collections.Immutable;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Cluster.View;

/// <summary>
/// Everything the mirrored keys say, read and typed, as of one store revision. Immutable: the reconcile loop and the
/// routing table are pure functions of it.
/// </summary>
public sealed record ClusterView
{
    /// <summary>Identity of the store.</summary>
    public required ulong ClusterId { get; init; }

    /// <summary>The one revision all of it is of.</summary>
    public required long Revision { get; init; }

    /// <summary>Registered nodes by id.</summary>
    public ImmutableSortedDictionary<string, NodeRecord> Nodes { get; init; } = EmptyOf<NodeRecord>();

    /// <summary>
    /// What the nodes' registrations last said, by id, as the leader wrote it down. A node whose registration is gone while
    /// it still answers (or until it is known to be dead) keeps its buckets, and is reached at the address given here.
    /// </summary>
    public ImmutableSortedDictionary<string, KnownNode> KnownNodes { get; init; } = EmptyOf<KnownNode>();

    /// <summary>Owners of buckets. A bucket that was never assigned is not in it.</summary>
    public ImmutableSortedDictionary<Bucket, Grant> Assignments { get; init; } = ImmutableSortedDictionary<Bucket, Grant>.Empty;

    /// <summary>Owners of pins.</summary>
    public ImmutableSortedDictionary<BasePrefix, Grant> Pins { get; init; } = ImmutableSortedDictionary<BasePrefix, Grant>.Empty;

    /// <summary>Moves that stand; at most one a bucket, also for its pins.</summary>
    public ImmutableSortedDictionary<Bucket, MoveRecord> Moves { get; init; } = ImmutableSortedDictionary<Bucket, MoveRecord>.Empty;

    /// <summary>Losses without a proven release.</summary>
    public ImmutableSortedDictionary<Bucket, UncleanRecord> Uncleans { get; init; } = ImmutableSortedDictionary<Bucket, UncleanRecord>.Empty;

    /// <summary>Operators' wishes about nodes, by node id.</summary>
    public ImmutableSortedDictionary<string, NodePolicy> NodePolicies { get; init; } = EmptyOf<NodePolicy>();

    /// <summary>Operators' wishes about pins: the node that should own it.</summary>
    public ImmutableSortedDictionary<BasePrefix, string> PinPolicies { get; init; } = ImmutableSortedDictionary<BasePrefix, string>.Empty;

    /// <summary>Operators' wishes about the cluster.</summary>
    public ClusterPolicy Policy { get; init; } = new();

    /// <summary>The last rebalance order, or null.</summary>
    public RebalanceOrder? Rebalance { get; init; }

    /// <summary>Proxies that said they exist, by instance.</summary>
    public ImmutableSortedDictionary<string, ProxyRecord> Proxies { get; init; } = EmptyOf<ProxyRecord>();

    /// <summary>Proxies whose lease lives.</summary>
    public ImmutableSortedSet<string> Alive { get; init; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Gates whose lease lives, by node id.</summary>
    public ImmutableSortedDictionary<string, GateRecord> Gates { get; init; } = EmptyOf<GateRecord>();

    /// <summary>Load reports, by instance of the proxy.</summary>
    public ImmutableSortedDictionary<string, LoadReport> Loads { get; init; } = EmptyOf<LoadReport>();

    /// <summary>The leader among the monitors, or null.</summary>
    public LeaderRecord? Leader { get; init; }

    /// <summary>What the leader last said is wrong, or null.</summary>
    public MonitorReport? Report { get; init; }

    /// <summary>What could not be read. The last good value of such a key still stands in this view, if there was one.</summary>
    public ImmutableSortedDictionary<string, ViewProblem> Problems { get; init; } = EmptyOf<ViewProblem>();

    private static ImmutableSortedDictionary<string, T> EmptyOf<T>() =>
        ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);
}

/// <summary>Who owns a bucket or pin.</summary>
/// <param name="Owner">Node id.</param>
/// <param name="Epoch">Mod-revision of the key: rises with every change of owner, for ever.</param>
public sealed record Grant(string Owner, long Epoch);

/// <summary>The leader.</summary>
/// <param name="Instance">Its instance id.</param>
/// <param name="Address">Where its admin port is reached.</param>
/// <param name="CreateRevision">Create-revision of the leader key: what every write of the monitor compares (S6).</param>
public sealed record LeaderRecord(string Instance, string? Address, long CreateRevision);

/// <summary>A key whose value cannot be read, or says something that cannot be.</summary>
/// <param name="Key">The key.</param>
/// <param name="ModRevision">Of the value in question.</param>
/// <param name="Reason">What is wrong and what is allowed.</param>
public sealed record ViewProblem(string Key, long ModRevision, string Reason)
{
    /// <summary>True: the key is a node that owners are named by, and that nobody ever heard of.</summary>
    public bool UnknownOwner { get; init; }
}
