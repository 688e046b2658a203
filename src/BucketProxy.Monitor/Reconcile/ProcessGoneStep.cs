using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// Carries out an operator's word that a process is gone: it is struck from the records of unclean losses, then the word is
/// taken off again, so that it never covers a later process. Evidence beats the word: a process that is registered right
/// now, by its start_time, is not struck.
/// </summary>
internal static class ProcessGoneStep
{
    public static void Run(Turn turn)
    {
        foreach (var card in turn.Nodes.All)
        {
            if (card.Policy is not { ProcessGone: { } word } policy)
                continue;
            var left = false;
            foreach (var (bucket, record) in turn.View.Uncleans)
            {
                var kept = record.Processes.RemoveAll(p => IsMeant(p, card, word));
                if (kept.Length == record.Processes.Length)
                    continue;
                left = true;
                var subject = "unclean/" + bucket;
                if (turn.IsWriting(subject) || turn.IsWriting("move/" + bucket))
                    continue;
                var key = turn.Keys.Unclean(bucket);
                turn.Write(subject, $"{card.Id}: an operator says the process that lost {bucket} is gone",
                    [Comparison.ModifiedAt(key, record.ModRevision)],
                    kept.IsEmpty
                        ? StoreOperation.DeleteKey(key)
                        : StoreOperation.PutText(key, RecordJson.Write(record with { Processes = kept })));
            }
            var done = !left && !KnownNodeKeeping.IsGateGone(card) && (card.Standing == NodeStanding.Live || !MassLoss.Owners(turn).Contains(card.Id));
            var policySubject = "policy/" + card.Id;
            if (done && !turn.IsWriting(policySubject))
            {
                turn.Write(policySubject, $"{card.Id}: the word is carried out",
                    [Comparison.ModifiedAt(turn.Keys.NodePolicy(card.Id), policy.ModRevision)],
                    StoreOperation.PutText(turn.Keys.NodePolicy(card.Id), RecordJson.Write(policy with { ProcessGone = null })));
            }
        }
    }

    private static bool IsMeant(UncleanProcess process, NodeCard card, string word) =>
        process.NodeId == card.Id && (word == "*" || process.StartTime == word)
        && !(card.Record?.StartTime is { } running && process.StartTime == running);
}
