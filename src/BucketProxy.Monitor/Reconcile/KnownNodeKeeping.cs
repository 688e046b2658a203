using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// Writes down what each node registered, before it is given anything: once its registration is gone, a new leader must
/// know whom to ping (suspect or dead?), which process lost its buckets (S9), and what its gate vouched for (G8).
/// </summary>
internal static class KnownNodeKeeping
{
    public static void Run(Turn turn)
    {
        foreach (var (id, record) in turn.View.Nodes)
        {
            var gate = record.Gate == GateKind.None ? null : turn.View.Gates.GetValueOrDefault(id);
            if (Observation.IsWrittenDown(turn.View.KnownNodes.GetValueOrDefault(id), record, gate) || turn.IsWriting(Subject(id)))
                continue;
            turn.Write(Subject(id), $"{id} registered", [Comparison.CreatedAt(turn.Keys.Node(id), record.CreateRevision)],
                StoreOperation.PutText(turn.Keys.KnownNode(id), RecordJson.Write(new KnownNode(
                    record.LocalUrlText, record.NodeUrl, record.StartTime, record.CreateRevision, record.Gate,
                    gate?.CreateRevision ?? 0, gate?.LateSaveSeconds))));
        }
        foreach (var id in turn.View.KnownNodes.Keys)
        {
            var card = turn.Nodes.Find(id);
            if ((card is null || IsGateGone(card)) && !turn.IsWriting(Subject(id)))
            {
                turn.Write(Subject(id), card is null ? $"{id} is gone and owns nothing" : $"{id}: an operator says that it and its gate are gone",
                    [Comparison.Absent(turn.Keys.Node(id)), Comparison.Absent(turn.Keys.Gate(id)), Comparison.Exists(turn.Keys.KnownNode(id))],
                    StoreOperation.DeleteKey(turn.Keys.KnownNode(id)));
            }
        }
    }

    /// <summary>An operator's word that what was behind a gate is gone, and no gate is there: nothing more is known of the node, and it may be
    /// registered without a gate.</summary>
    public static bool IsGateGone(NodeCard card) =>
        card is { Configured.Register: true, Policy.ProcessGone: not null, Known.Gate: not GateKind.None, Record: null, Gate: null };

    private static string Subject(string id) => "known/" + id;
}
