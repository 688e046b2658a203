using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>G8: what a gate's key proves of the server behind it.</summary>
/// <remarks>
/// A supervised gate puts its server's registration under the lease of its own key, and kills the server before that lease can end. So the two
/// keys go together, and the server is dead by then. A gate's key is only ever created where none stands (G7): while it stands, every server of
/// an earlier stay of a gate is dead as well.
/// </remarks>
internal static class GateProof
{
    /// <summary>What a gate vouches for of the process that may hold the node's buckets. The gate's key alone says nothing of a server that was
    /// registered without a gate and may still run.</summary>
    public static GateKind KindOf(NodeRecord? registered, KnownNode? known) => registered?.Gate ?? known?.Gate ?? GateKind.None;

    /// <summary>Whether that process is dead for certain, without a ping and without a grace.</summary>
    public static bool IsDead(Turn turn, NodeRecord? registered, KnownNode? known, GateRecord? gate)
    {
        var kind = KindOf(registered, known);
        if (kind == GateKind.None || (kind == GateKind.Unsupervised && !turn.Has(Mutations.UnsupervisedIsSupervised)))
            return false;
        if (gate is { Supervised: true, HasExited: true })
            return true;
        if (registered is not null)
            return false;
        // Both keys went with the lease.
        if (gate is null || turn.Has(Mutations.UnregisteredIsDead))
            return true;
        // Another stay of the gate: the lease of the process on record has ended, and no run of this stay has been published, so none holds
        // anything yet. The buckets may go elsewhere; if nobody can take them before the server registers, they stay. The same stay: the gate
        // lives, and never said that its server is gone. Then nothing is certain until it says so, registers the server again, or its lease
        // ends; the buckets stay. Nor is it where a run is published without a registration, or where no stay was written down (0).
        return gate.Incarnation is null && known is { GateRevision: > 0 } && gate.CreateRevision > known.GateRevision;
    }

    /// <summary>Why a registered node takes nothing at the moment, as far as gates go; null: it does.</summary>
    public static string? WhyClosed(NodeRecord? registered, GateRecord? gate) => registered switch
    {
        null => null,
        { Gate: GateKind.None } when gate is not null => $"{registered.Id} has a gate, but is registered past it",
        { Gate: GateKind.None } => null,
        _ when gate is null => $"the key of the gate of {registered.Id} is not there",
        { Gate: GateKind.Supervised } when gate.HasExited => $"the server of {registered.Id} has exited",
        { Gate: GateKind.Supervised } when gate.Incarnation is null => $"the gate of {registered.Id} is starting its server",
        _ => null,
    };
}
