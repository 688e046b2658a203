using System.Diagnostics.CodeAnalysis;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Cluster.Keys;

/// <summary>
/// The one place that knows how keys are spelled. Registrations and assignments stand where SeaTable reads them;
/// everything of ours stands under <c>bucketproxy/</c>, never under the other two (dtable-web parses every value there).
/// </summary>
/// <param name="Prefix">Put in front of every key, so that several clusters can share one etcd; empty by default.</param>
public sealed record KeySchema(string Prefix = "")
{
    /// <summary>Registrations: <c>dtable-server-</c>.</summary>
    public string Nodes => Prefix + NodeRecord.IdPrefix;

    /// <summary>Assignments: <c>assign-</c>.</summary>
    public string Assignments => Prefix + "assign-";

    /// <summary>Everything of ours: <c>bucketproxy/</c>.</summary>
    public string Own => Prefix + "bucketproxy/";

    /// <summary>The prefixes a mirror reads and watches: all but the audit records, which only grow.</summary>
    public IReadOnlyList<string> Mirrored =>
        [Assignments, Alives, Pins, Gates, Leader, Loads, Moves, KnownNodes, Policies, Proxies, Rebalance, Report, Uncleans, Nodes];

    /// <summary>A node's registration. The id is the key.</summary>
    public string Node(string nodeId) => Prefix + nodeId;

    /// <summary>What each node's registration last said; stays when the registration goes.</summary>
    public string KnownNodes => Own + "nodes/";

    /// <summary>What one node's registration last said.</summary>
    public string KnownNode(string nodeId) => KnownNodes + nodeId;

    /// <summary>Who owns a bucket.</summary>
    public string Assignment(Bucket bucket) => Assignments + bucket;

    /// <summary>Moves that stand.</summary>
    public string Moves => Own + "moves/";

    /// <summary>The move of a bucket, or of one pin of it.</summary>
    public string Move(Bucket bucket) => Moves + bucket;

    /// <summary>Owners of pins.</summary>
    public string Pins => Own + "bases/";

    /// <summary>The owner of one pin.</summary>
    public string Pin(BasePrefix pin) => Pins + pin;

    /// <summary>Losses without a proven release.</summary>
    public string Uncleans => Own + "unclean/";

    /// <summary>Which processes lost a bucket without a proven release.</summary>
    public string Unclean(Bucket bucket) => Uncleans + bucket;

    /// <summary>Operators' wishes.</summary>
    public string Policies => Own + "policy/";

    /// <summary>Operators' wishes about one node.</summary>
    public string NodePolicy(string nodeId) => Policies + "nodes/" + nodeId;

    /// <summary>An operator's wish that a pin be owned by a node.</summary>
    public string PinPolicy(BasePrefix pin) => Policies + "pins/" + pin;

    /// <summary>Operators' wishes about the whole cluster (freeze).</summary>
    public string ClusterPolicy => Policies + "cluster";

    /// <summary>The last rebalance order and its progress.</summary>
    public string Rebalance => Own + "rebalance";

    /// <summary>Gates that live, under leases.</summary>
    public string Gates => Own + "gates/";

    /// <summary>What the gate of one node says of itself and of its server, and its release reports.</summary>
    public string Gate(string nodeId) => Gates + nodeId;

    /// <summary>Proxies, without a lease.</summary>
    public string Proxies => Own + "proxies/";

    /// <summary>What one proxy says of itself, and its silence reports.</summary>
    public string Proxy(string instance) => Proxies + instance;

    /// <summary>Proxies that live, under leases.</summary>
    public string Alives => Own + "alive/";

    /// <summary>One proxy lives.</summary>
    public string Alive(string instance) => Alives + instance;

    /// <summary>Load reports, under leases.</summary>
    public string Loads => Own + "load/";

    /// <summary>The load that one proxy sees.</summary>
    public string Load(string instance) => Loads + instance;

    /// <summary>The leader among the monitors, under a lease.</summary>
    public string Leader => Own + "leader";

    /// <summary>What the leader measured and thinks: alarms and node states.</summary>
    public string Report => Own + "report";

    /// <summary>Audit records.</summary>
    public string Audits => Own + "audit/";

    /// <summary>One audit record.</summary>
    public string Audit(string id) => Audits + id;

    /// <summary>The part of <paramref name="key"/> behind <paramref name="prefix"/>.</summary>
    public static bool TryRest(string key, string prefix, [NotNullWhen(true)] out string? rest)
    {
        rest = key.StartsWith(prefix, StringComparison.Ordinal) ? key[prefix.Length..] : null;
        return rest is not null;
    }
}
