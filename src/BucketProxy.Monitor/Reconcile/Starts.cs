using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Alarms;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>A move that somebody wants.</summary>
internal sealed record WantedMove(
    Bucket Bucket, BasePrefix? Pin, string? From, string To, MoveReason Reason, bool Forced = false, string? Order = null)
{
    public string Name => Pin is { } pin ? "base " + pin : "bucket " + Bucket;
}

/// <summary>Starts moves, if nothing speaks against it.</summary>
internal sealed class Starts(Turn turn)
{
    private readonly HashSet<Bucket> _started = [];
    private readonly SortedDictionary<(string From, string Why), (int Count, WantedMove Last)> _refused = [];
    private int _planned = turn.View.Moves.Values.Count(m => m.Reason != MoveReason.Orphan);

    /// <summary>Puts <c>moves/xx</c>; from then on proxies hold the bucket's requests.</summary>
    /// <returns>Null: started, or only to be waited for. Else why it can never start as things stand.</returns>
    public string? Try(WantedMove wanted)
    {
        var subject = "move/" + wanted.Bucket;
        var grant = turn.GrantOf(wanted.Bucket, wanted.Pin);
        var to = turn.Nodes.Find(wanted.To);
        if (to is null || !to.MayTake(wanted.Pin))
            return to?.WhyNot ?? $"{wanted.To} is not there";
        if (NoReturn.Bars(turn, wanted.Bucket, wanted.Pin, to.Record!))
            return $"{wanted.To} lost it before without saving, and may still hold it in memory";
        var orphan = wanted.Reason == MoveReason.Orphan;
        var from = turn.Nodes.Find(wanted.From);
        if (!orphan && !wanted.Forced && from is { Standing: NodeStanding.Live } && from.WhyKept(wanted.Pin) is { } kept)
            return kept;

        if (turn.Frozen || grant is null || grant.Owner != wanted.From || turn.View.Moves.ContainsKey(wanted.Bucket)
            || _started.Contains(wanted.Bucket) || turn.IsWriting(subject))
        {
            return null;
        }
        if (!orphan && !MayStartPlanned(wanted, from))
            return null;

        var move = new MoveRecord
        {
            Base = wanted.Pin?.ToString(),
            From = wanted.From,
            To = wanted.To,
            Epoch = grant.Epoch,
            Phase = MovePhase.Quiesce,
            Reason = wanted.Reason,
            Forced = wanted.Forced,
            StartedAt = turn.Input.Clock,
            Order = wanted.Order,
        };
        var comparisons = new List<Comparison>
        {
            Comparison.Absent(turn.Keys.Move(wanted.Bucket)),
            Comparison.ModifiedAt(turn.GrantKey(wanted.Bucket, wanted.Pin), grant.Epoch),
        };
        if (orphan && from is not null)
            comparisons.AddRange(Granting.StillLost(turn, from));
        turn.Write(subject, $"{wanted.Name} moves: {wanted.From} → {wanted.To} ({wanted.Reason})", comparisons,
            StoreOperation.PutText(turn.Keys.Move(wanted.Bucket), RecordJson.Write(move)));
        _started.Add(wanted.Bucket);
        if (!orphan)
            _planned++;
        return null;
    }

    private bool MayStartPlanned(WantedMove wanted, NodeCard? from)
    {
        if (!wanted.Forced && turn.State.Backoffs.TryGetValue(wanted.Bucket, out var backoff) && !turn.Passed(backoff.Until))
            return false;
        if (!wanted.Forced && (from is not { Standing: NodeStanding.Live } || (!from.IsGated && Silence.Blocking(turn) is not null)))
            return false;
        if (from is { IsGated: true, Release: ReleaseMode.Restart })
            return GatedMoves.MayJoinRestart(turn, from);
        if (from is { Release: ReleaseMode.Restart })
        {
            // One restart for everything that leaves: no limit, but nothing joins once the first is quiet.
            return !turn.State.Restarting.Contains(from.Id)
                && !turn.View.Moves.Values.Any(m => m.From == from.Id && m.Phase == MovePhase.Release);
        }
        return _planned < turn.Options.ParallelMoves;
    }

    /// <summary>As <see cref="Try"/>; what speaks against it becomes an alarm.</summary>
    public void TryOrAlarm(WantedMove wanted)
    {
        if (Try(wanted) is { } why)
            Refuse(wanted, why);
    }

    /// <summary>Makes an alarm of a move that ought to be and cannot.</summary>
    public void Refuse(WantedMove wanted, string why)
    {
        var key = (wanted.From ?? "", why);
        _refused[key] = (_refused.GetValueOrDefault(key).Count + 1, wanted);
    }

    /// <summary>One alarm for each node and reason, not for each bucket.</summary>
    public void RaiseAlarms()
    {
        foreach (var ((from, why), (count, last)) in _refused)
        {
            var what = count == 1 ? last.Name : $"{count} buckets";
            var wish = from.Length == 0 ? "get an owner" : $"leave {from}";
            turn.Raise(AlarmKind.MoveRefused, from, $"{what} should {wish} ({MoveAudit.Name(last.Reason)}), but {why}.",
                turn.Nodes.Find(from)?.WhyKept(last.Pin) == why
                    ? "Give the node a release mode that it supports, stop it (then its buckets go to the others), or take the wish back."
                    : "Make the other node available, or take the wish back.");
        }
        foreach (var group in turn.State.Backoffs.Where(b => b.Value.Failures > 1).GroupBy(b => b.Value.Why))
        {
            var first = group.First();
            turn.Raise(AlarmKind.MoveAborted, first.Key.ToString(),
                $"{group.Count()} moves (first: bucket {first.Key}) were aborted more than once: {group.Key}.",
                "See what keeps it busy. It is tried again by itself; a drain can be forced.");
        }
    }
}
