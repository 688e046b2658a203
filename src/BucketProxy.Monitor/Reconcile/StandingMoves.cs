using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;
using BucketProxy.Monitor.Auditing;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// Takes every move that stands one step further, whoever started it.
/// <code>
///   quiesce ──all silent──► release ──saved and unloaded──► settling ──settled──► (gone: the bucket is open)
///      │  └── watch: no release of its own ─────────────────────▲
///      │  └── old owner dead: nobody to release (S9: written down) ┘
///      └── abort (gone: the old owner goes on) ◄── release
///
///   behind a gate:
///   quiesce ──its gate has released this very move (G3)──► settling ──► (gone: the bucket is open)
///      │  └── old owner dead by its gate (G8) ──► settling ──no save of it can land any more (G9)──► (gone)
///      └── abort
/// </code>
/// </summary>
internal static class StandingMoves
{
    public static string Subject(MoveRecord move) => "move/" + move.Bucket;

    public static void Advance(Turn turn)
    {
        foreach (var move in turn.View.Moves.Values)
        {
            if (turn.IsWriting(Subject(move)))
                continue;
            var watch = turn.State.Moves[move.Bucket];
            var from = turn.Nodes.Find(move.From);
            if (move.Phase == MovePhase.Settling)
                Settle(turn, move, watch);
            else if (Obstacle(turn, move) is { } obstacle)
                Abort(turn, move, watch, obstacle, penalise: false);
            else if (from is { IsProvenDead: true })
                Granting.Grant(turn, move, released: false);
            else if (from is { IsGated: true, Standing: NodeStanding.Live })
                GatedMoves.Advance(turn, move, watch, from);
            else if (move.Phase == MovePhase.Quiesce)
                Quiesce(turn, move, watch);
            else
                Release(turn, move, watch);
        }
    }

    /// <summary>What makes it pointless or wrong to go on; null: nothing.</summary>
    private static string? Obstacle(Turn turn, MoveRecord move)
    {
        if (turn.Frozen)
            return "the cluster is frozen";
        var grant = turn.GrantOf(move.Bucket, move.Pin);
        if ((grant?.Epoch ?? 0) != move.Epoch || grant?.Owner != move.From)
            return "somebody else changed its owner";
        var to = turn.Nodes.Find(move.To);
        if (to is null || !to.MayTake(move.Pin))
            return to?.WhyNot ?? $"{move.To} is not there";
        if (NoReturn.Bars(turn, move.Bucket, move.Pin, to.Record!))
            return $"{move.To} lost it before without saving, and may still hold it in memory";
        if (move.Reason == MoveReason.Orphan && turn.Nodes.Standing(move.From) is NodeStanding.Live or NodeStanding.Suspect)
            return $"{move.From} is back";
        // Its gate lives after all, and says when the server is gone; no ping will.
        if (move.Reason == MoveReason.Orphan && turn.Nodes.Find(move.From) is { GateKind: GateKind.Supervised, Standing: NodeStanding.Missing })
            return $"the gate of {move.From} is starting its server";
        return null;
    }

    private static bool IsLost(Turn turn, MoveRecord move) => turn.Nodes.Standing(move.From) == NodeStanding.Dead;

    private static void Quiesce(Turn turn, MoveRecord move, MoveWatch watch)
    {
        var busy = Silence.Busy(turn, move);
        var late = turn.Passed(watch.Since + turn.Options.QuiesceTimeout);
        if (busy is not null && !late)
            return;
        if (IsLost(turn, move))
        {
            // Nobody is left to be protected from requests that still run there.
            Granting.Grant(turn, move, released: false);
            return;
        }
        if (busy is not null && !move.Forced)
        {
            Abort(turn, move, watch, busy, penalise: true);
            return;
        }
        var from = turn.Nodes.Find(move.From);
        if (from is not { Standing: NodeStanding.Live } && !move.Forced)
        {
            // Whether it is dead is not known yet. If it is, the bucket becomes an orphan; if it is one, this ends by itself.
            if (late && move.Reason != MoveReason.Orphan)
                Abort(turn, move, watch, $"{move.From} is not registered", penalise: true);
            return;
        }
        if (turn.Has(Mutations.GrantWithoutRelease))
        {
            Granting.Grant(turn, move, released: true);
            return;
        }
        switch (from?.Release)
        {
            case ReleaseMode.Watch when from.Record is not null && from.WhyKept(move.Pin) is null:
                Granting.Grant(turn, move, released: busy is null);
                break;
            case ReleaseMode.Call or ReleaseMode.Restart:
                var next = move with { Phase = MovePhase.Release };
                turn.Write(Subject(move), $"bucket {move.Bucket}: every proxy is silent, {move.From} releases",
                    [Comparison.ModifiedAt(turn.Keys.Move(move.Bucket), move.ModRevision)],
                    StoreOperation.PutText(turn.Keys.Move(move.Bucket), RecordJson.Write(next)));
                break;
            default:
                if (move.Forced)
                    Granting.Grant(turn, move, released: false);
                else
                    Abort(turn, move, watch, from?.WhyKept(move.Pin) ?? $"{move.From} cannot release it", penalise: true);
                break;
        }
    }

    private static void Release(Turn turn, MoveRecord move, MoveWatch watch)
    {
        if (IsLost(turn, move) && watch.Release != ReleaseStep.Done && !turn.State.Restarting.Contains(move.From!))
        {
            Granting.Grant(turn, move, released: false);
            return;
        }
        // S3: also now. A proxy that was counted as silent because it was lost may be back.
        var busy = Silence.Busy(turn, move);
        var late = turn.Passed(watch.Since + turn.Options.ReleaseTimeout);
        if (watch.Release == ReleaseStep.Done && (busy is null || move.Forced))
        {
            Granting.Grant(turn, move, released: busy is null);
            return;
        }
        if (watch.Release == ReleaseStep.Failed || late)
        {
            if (move.Forced)
            {
                Granting.Grant(turn, move, released: false);
                return;
            }
            var why = watch.Release == ReleaseStep.Failed
                ? $"{move.From} did not release it: {watch.ReleaseFailure}"
                : busy ?? $"{move.From} did not release it in {turn.Options.ReleaseTimeout.TotalSeconds} s";
            Abort(turn, move, watch, why, penalise: true);
            return;
        }
        if (watch.Release == ReleaseStep.NotAsked)
            Ask(turn, move, watch);
    }

    private static void Ask(Turn turn, MoveRecord move, MoveWatch watch)
    {
        var from = turn.Nodes.Find(move.From)!;
        switch (from.Release)
        {
            case ReleaseMode.Call when from.LocalUrl is { } url:
                turn.Do(new CallReleaseAction(from.Id, url, move.Bucket, move.Pin, move.Epoch, move.CreateRevision,
                    watch.Since + turn.Options.ReleaseTimeout - turn.Now));
                Asked(turn, move, watch);
                break;
            case ReleaseMode.Restart:
                // One restart gives up everything that is quiet by then, so whatever is still falling silent is waited for.
                if (turn.State.Restarting.Contains(from.Id))
                    break;
                var off = turn.View.Moves.Values.Where(m => m.From == from.Id && m.Phase != MovePhase.Settling).ToArray();
                if (off.Any(m => m.Phase == MovePhase.Quiesce))
                    break;
                turn.Do(new RunRestartAction(from.Id,
                    [.. (from.Configured?.RestartCommand ?? []).Select(a => a.Replace("{node}", from.Id, StringComparison.Ordinal))],
                    watch.Since + turn.Options.ReleaseTimeout - turn.Now));
                turn.State = turn.State with { Restarting = turn.State.Restarting.Add(from.Id) };
                foreach (var other in off)
                    Asked(turn, other, turn.State.Moves[other.Bucket]);
                break;
            case ReleaseMode.Watch when from.Standing == NodeStanding.Live && from.WhyKept(move.Pin) is null:
                Granting.Grant(turn, move, released: true);
                break;
            default:
                // The mode was changed in mid-move.
                if (!move.Forced)
                    Abort(turn, move, watch, from?.WhyKept(move.Pin) ?? $"{move.From} cannot release it", penalise: true);
                break;
        }
    }

    private static void Asked(Turn turn, MoveRecord move, MoveWatch watch) =>
        turn.State = turn.State with
        {
            Moves = turn.State.Moves.SetItem(move.Bucket, watch with { Release = ReleaseStep.Asked }),
        };

    private static void Settle(Turn turn, MoveRecord move, MoveWatch watch)
    {
        var watches = move.Reason != MoveReason.Orphan && turn.Nodes.Find(move.From) is { Release: ReleaseMode.Watch };
        if (watches && !turn.Passed(watch.Since + turn.Options.SettleTime) && !turn.Has(Mutations.OpenWithoutSettling))
            return;
        // G9: as the grant decided, whoever made it; counted from when this leader saw it.
        if (move.SettleSeconds is { } late && !turn.Passed(watch.Since + Granting.LateSave(late)) && !turn.Has(Mutations.OpenWithoutLateSave))
            return;
        turn.End(move, $"bucket {move.Bucket} is open to {move.To}", MoveAudit.Of(turn, move, watch, AuditRecord.Move, null));
        turn.State = turn.State with { Backoffs = turn.State.Backoffs.Remove(move.Bucket) };
    }

    public static void Abort(Turn turn, MoveRecord move, MoveWatch watch, string why, bool penalise)
    {
        if (turn.Has(Mutations.NeverAbort))
            return;
        turn.End(move, $"bucket {move.Bucket} stays with {move.From}: {why}", MoveAudit.Of(turn, move, watch, AuditRecord.Abort, why));
        if (!penalise)
            return;
        var failures = Math.Min((turn.State.Backoffs.GetValueOrDefault(move.Bucket)?.Failures ?? 0) + 1, 30);
        var pause = turn.Options.RetryPause * Math.Pow(2, failures - 1);
        turn.State = turn.State with
        {
            Backoffs = turn.State.Backoffs.SetItem(move.Bucket, new Backoff(failures,
                turn.Now + (pause < turn.Options.RetryPauseLimit ? pause : turn.Options.RetryPauseLimit), why)),
        };
    }
}
