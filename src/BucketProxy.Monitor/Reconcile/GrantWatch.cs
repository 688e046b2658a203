using System.Collections.Immutable;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Alarms;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// Notices what became of moves, and assignments that somebody else wrote. The leader is the only writer of
/// <c>assign-xx</c>; a foreign write takes a bucket from a server without asking it or the proxies.
/// </summary>
internal static class GrantWatch
{
    private static readonly TimeSpan ForeignShown = TimeSpan.FromMinutes(10);

    /// <summary>More processes than this are not remembered for one bucket; the oldest go first.</summary>
    private const int UncleanLimit = 32;

    public static void Observe(Turn turn)
    {
        Grants(turn);
        Moves(turn);
        foreach (var (bucket, backoff) in turn.State.Backoffs)
        {
            // Nobody wants it any more: what went wrong is over.
            if (turn.Passed(backoff.Until + turn.Options.RetryPauseLimit))
                turn.State = turn.State with { Backoffs = turn.State.Backoffs.Remove(bucket) };
        }
        foreach (var (bucket, write) in turn.State.Foreign)
        {
            if (write.To is not null && turn.Passed(write.At + ForeignShown))
                turn.State = turn.State with { Foreign = turn.State.Foreign.Remove(bucket) };
            else
                Alarm(turn, bucket, write);
        }
    }

    private static void Moves(Turn turn)
    {
        var watches = turn.State.Moves;
        foreach (var bucket in watches.Keys)
        {
            if (!turn.View.Moves.ContainsKey(bucket))
                watches = watches.Remove(bucket);
        }
        foreach (var (bucket, move) in turn.View.Moves)
        {
            var watch = watches.GetValueOrDefault(bucket);
            if (watch is null || watch.CreateRevision != move.CreateRevision)
            {
                watch = new MoveWatch
                {
                    CreateRevision = move.CreateRevision,
                    Phase = move.Phase,
                    FirstSeen = turn.Now,
                    Since = turn.Now,
                    To = move.To,
                    Pin = move.Pin,
                };
            }
            else if (watch.Phase != move.Phase)
            {
                watch = watch with
                {
                    Phase = move.Phase,
                    Since = turn.Now,
                    Quiesced = watch.Phase == MovePhase.Quiesce ? (watch.GateSilentAt ?? turn.Now) - watch.Since : watch.Quiesced,
                    Released = watch.GateSilentAt is { } silent ? turn.Now - silent : watch.Released,
                };
            }
            else
            {
                continue;
            }
            watches = watches.SetItem(bucket, watch);
        }
        turn.State = turn.State with { Moves = watches };
    }

    private static void Grants(Turn turn)
    {
        var now = turn.View.Assignments;
        if (turn.State.Assignments is { } before && !ReferenceEquals(before, now))
        {
            foreach (var (bucket, grant) in now)
            {
                var old = before.GetValueOrDefault(bucket);
                if (old?.Epoch == grant.Epoch)
                    continue;
                if (old is not null && old.Owner != grant.Owner)
                    turn.State = turn.State with { Moved = turn.State.Moved.SetItem(bucket, turn.Now) };
                if (IsOurs(turn, bucket, grant))
                    Settled(turn, bucket);
                else
                    Foreign(turn, bucket, old, grant);
            }
            foreach (var (bucket, grant) in before)
            {
                if (!now.ContainsKey(bucket))
                    Note(turn, bucket, new ForeignWrite(grant.Owner, null, grant.Epoch, turn.Now));
            }
        }
        var expected = turn.State.Expected;
        foreach (var (bucket, owner) in expected)
        {
            if (!turn.IsWriting(owner.Subject))
                expected = expected.Remove(bucket);
        }
        turn.State = turn.State with { Assignments = now, Expected = expected };
    }

    private static bool IsOurs(Turn turn, Bucket bucket, Grant grant) =>
        (turn.State.Expected.TryGetValue(bucket, out var expected) && expected.Owner == grant.Owner)
        || (turn.State.Moves.TryGetValue(bucket, out var watch) && watch.Pin is null && watch.To == grant.Owner)
        || (turn.View.Moves.TryGetValue(bucket, out var move) && move.Pin is null && move.ModRevision == grant.Epoch);

    private static void Settled(Turn turn, Bucket bucket)
    {
        turn.State = turn.State with
        {
            Foreign = turn.State.Foreign.Remove(bucket),
            Backoffs = turn.State.Backoffs.Remove(bucket),
        };
    }

    private static void Foreign(Turn turn, Bucket bucket, Grant? old, Grant grant)
    {
        var known = turn.State.Foreign.GetValueOrDefault(bucket);
        // Deleted and put back by whoever did it: nothing is lost. A move that settles has made its own grant, which this leader may
        // not have seen before it was written over.
        var from = turn.View.Moves.TryGetValue(bucket, out var move) && move is { Pin: null, Phase: MovePhase.Settling }
            ? move.To
            : old?.Owner ?? known?.From;
        Note(turn, bucket, new ForeignWrite(from, grant.Owner, grant.Epoch, turn.Now));
    }

    private static void Note(Turn turn, Bucket bucket, ForeignWrite write) =>
        turn.State = turn.State with { Foreign = turn.State.Foreign.SetItem(bucket, write) };

    private static void Alarm(Turn turn, Bucket bucket, ForeignWrite write)
    {
        turn.Raise(AlarmKind.ForeignWriter, turn.Keys.Assignment(bucket),
            write.To is null
                ? $"Somebody deleted {turn.Keys.Assignment(bucket)}, owned by {write.From}."
                : $"Somebody else wrote {turn.Keys.Assignment(bucket)}: {write.From ?? "(nobody)"} → {write.To}.",
            "Stop the other writer (an old monitor, or a script). Two servers may have held the bucket's bases.");
    }

    /// <summary>
    /// Mends what a foreign writer did, as far as it can be mended: an owner that does not exist gives way to the one
    /// before, who holds the bucket in memory and still gets its requests. Any other new owner stands, and the one before
    /// lost it without a release (S9).
    /// </summary>
    public static void Mend(Turn turn)
    {
        foreach (var (bucket, write) in turn.State.Foreign)
        {
            var subject = "unclean/" + bucket;
            if (write is not { To: not null, From: { } from } || from == write.To || turn.IsWriting(subject)
                || turn.Nodes.Find(from) is not { } node
                || turn.View.Assignments.GetValueOrDefault(bucket)?.Epoch != write.Epoch)
            {
                continue;
            }
            if (turn.Nodes.Find(write.To) is not ({ Record: not null } or { Known: not null }) && node.Standing != NodeStanding.Dead)
            {
                GiveBack(turn, bucket, write, from, write.To);
                continue;
            }
            // A process that is dead for certain keeps nothing that it could save (G8).
            if (node.IsProvenDead)
                continue;
            var record = turn.View.Uncleans.GetValueOrDefault(bucket);
            var process = node.ProcessLosing(null);
            if (record is not null && record.Processes.Contains(process))
                continue;
            turn.Write(subject, $"{from} lost bucket {bucket} to a foreign writer", [
                Comparison.ModifiedAt(turn.Keys.Assignment(bucket), write.Epoch),
                Comparison.ModifiedAt(turn.Keys.Unclean(bucket), record?.ModRevision ?? 0),
            ], StoreOperation.PutText(turn.Keys.Unclean(bucket), RecordJson.Write(With(record, process))));
        }
    }

    // S2: only while nobody ever heard of the node named there, not even in the moment of the write: once it registers, the proxies
    // open the bucket to it, and it may hold bases in memory that nobody asks it to save.
    private static void GiveBack(Turn turn, Bucket bucket, ForeignWrite write, string from, string named)
    {
        var subject = "unclean/" + bucket;
        var comparisons = new List<Comparison>
        {
            Comparison.ModifiedAt(turn.Keys.Assignment(bucket), write.Epoch),
            Comparison.Absent(turn.Keys.Move(bucket)),
        };
        if (!turn.Has(Mutations.GiveBackBlindly))
            comparisons.AddRange([Comparison.Absent(turn.Keys.Node(named)), Comparison.Absent(turn.Keys.KnownNode(named))]);
        turn.Write(subject, $"bucket {bucket} goes back to {from}: somebody assigned it to {named}, which does not exist",
            comparisons,
            StoreOperation.PutText(turn.Keys.Assignment(bucket), from));
        turn.State = turn.State with { Expected = turn.State.Expected.SetItem(bucket, new ExpectedOwner(from, subject)) };
    }

    public static UncleanRecord With(UncleanRecord? record, UncleanProcess process)
    {
        var others = (record?.Processes ?? []).Where(p => p != process).TakeLast(UncleanLimit - 1);
        return new UncleanRecord { Processes = [.. others, process] };
    }
}
