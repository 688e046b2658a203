using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// Writes down what each node registered, before it is given anything: once its registration is gone, a new leader must
/// know whom to ping (suspect or dead?) and which process lost its buckets (S9).
/// </summary>
internal static class KnownNodeKeeping
{
    public static void Run(Turn turn)
    {
        foreach (var (id, record) in turn.View.Nodes)
        {
            if (Observation.IsWrittenDown(turn.View.KnownNodes.GetValueOrDefault(id), record) || turn.IsWriting(Subject(id)))
                continue;
            turn.Write(Subject(id), $"{id} registered", [Comparison.CreatedAt(turn.Keys.Node(id), record.CreateRevision)],
                StoreOperation.PutText(turn.Keys.KnownNode(id), RecordJson.Write(
                    new KnownNode(record.LocalUrlText, record.NodeUrl, record.StartTime, record.CreateRevision))));
        }
        foreach (var id in turn.View.KnownNodes.Keys)
        {
            if (turn.Nodes.Find(id) is null && !turn.IsWriting(Subject(id)))
            {
                turn.Write(Subject(id), $"{id} is gone and owns nothing", [Comparison.Absent(turn.Keys.Node(id)), Comparison.Exists(turn.Keys.KnownNode(id))],
                    StoreOperation.DeleteKey(turn.Keys.KnownNode(id)));
            }
        }
    }

    private static string Subject(string id) => "known/" + id;
}
