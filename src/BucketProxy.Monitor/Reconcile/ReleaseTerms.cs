using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>How a node gives buckets up in a planned move.</summary>
/// <param name="Node">The node.</param>
/// <param name="Mode">How.</param>
/// <param name="FollowsPins">Whether it learns of single bases that it loses, where it learns of losses by watching.</param>
/// <param name="GateIsAway">Whether it has a gate whose key does not stand: nobody says then when it has let go.</param>
internal sealed record ReleaseTerms(string Node, ReleaseMode Mode, bool FollowsPins, bool GateIsAway)
{
    /// <summary>Of a node behind a gate: as the gate says, whatever policy and configuration say. Of any other: as an operator says, else as
    /// configured, else by who registered it.</summary>
    public static ReleaseTerms Of(
        string node, NodePolicy? policy, NodeOptions? configured, NodeRecord? record, KnownNode? known, GateRecord? gate)
    {
        var followsPins = configured?.FollowsPins ?? record is { FollowsPins: true };
        if (GateProof.KindOf(record, known) != GateKind.None)
        {
            var mode = gate?.Release is ReleaseMode.Call or ReleaseMode.Restart ? gate.Release : ReleaseMode.None;
            return new ReleaseTerms(node, mode, followsPins, gate is null);
        }
        return new ReleaseTerms(node,
            policy?.Release ?? configured?.EffectiveRelease
                ?? (record is { RegisteredByUs: true } ? ReleaseMode.None : ReleaseMode.Watch),
            followsPins, GateIsAway: false);
    }

    /// <summary>Why the node cannot give up a bucket, or a single base of it; null: it can.</summary>
    public string? WhyKept(BasePrefix? pin) => Mode switch
    {
        _ when GateIsAway => $"the gate of {Node} is not there to say when it has let go",
        ReleaseMode.None => $"{Node} has release mode none: it would keep a stale copy and overwrite the new owner's saves",
        ReleaseMode.Watch when pin is not null && !FollowsPins =>
            $"{Node} releases by watching assign-xx, which says nothing of single bases: it would keep a stale copy and overwrite the new owner's saves",
        _ => null,
    };
}
