using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// S9: a process that lost a bucket without a proven release still has it in memory and would overwrite what the next owner
/// saved. It never gets it again; a later run of the same node may, when its start_time proves that it is another.
/// </summary>
internal static class NoReturn
{
    public static bool Bars(Turn turn, Bucket bucket, BasePrefix? pin, NodeRecord node) =>
        !turn.Has(Mutations.AllowReturn)
        && turn.View.Uncleans.TryGetValue(bucket, out var record)
        && record.Processes.Any(p => p.NodeId == node.Id && MayBe(p, node) && Concerns(turn, p, pin));

    /// <summary>Whether the node's present run may be that process: unless both say when they started, nobody knows.</summary>
    public static bool MayBe(UncleanProcess process, NodeRecord node) =>
        process.StartTime is null || node.StartTime is null || process.StartTime == node.StartTime;

    private static bool Concerns(Turn turn, UncleanProcess process, BasePrefix? pin)
    {
        if (process.Pin is null || !BasePrefix.TryParse(process.Pin, out var lost))
            return true;
        return pin is { } wanted
            ? wanted.Covers(lost) || lost.Covers(wanted)
            // The bucket's own bases are others, for as long as the lost pin has an owner of its own.
            : !turn.View.Pins.ContainsKey(lost);
    }
}
