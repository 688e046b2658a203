using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// G3: a planned move off a node behind a gate. Every request passes the gate, so its word on this very move is all that is waited for: first
/// that nothing of it is in flight any more, then that the server has let go. No proxy is asked; a lost one blocks nothing.
/// </summary>
internal static class GatedMoves
{
    public static void Advance(Turn turn, MoveRecord move, MoveWatch watch, NodeCard from)
    {
        var isSilent = from.Gate is { } gate && Tells(gate.Silent, move);
        if (isSilent && watch.GateSilentAt is null)
        {
            watch = watch with { GateSilentAt = turn.Now };
            turn.State = turn.State with { Moves = turn.State.Moves.SetItem(move.Bucket, watch) };
        }
        if (from.Gate is { } told && (Tells(told.Released, move)
            || (turn.Has(Mutations.OldReleaseCounts) && told.Released.ContainsKey(move.Bucket.ToString()))
            || (turn.Has(Mutations.GrantWithoutReleased) && isSilent)))
        {
            Granting.Grant(turn, move, released: true);
            return;
        }
        var problem = from.WhyKept(move.Pin);
        var limit = isSilent ? turn.Options.QuiesceTimeout + turn.Options.ReleaseTimeout : turn.Options.QuiesceTimeout;
        if (problem is null && !turn.Passed(watch.Since + limit))
            return;
        if (move.Forced)
            Granting.Grant(turn, move, released: false);
        else
            StandingMoves.Abort(turn, move, watch, problem ?? Late(turn, move, from, isSilent), penalise: true);
    }

    /// <summary>Whether a bucket may join those that leave by a restart of the server: until the first is quiet, for then the gate may restart it.
    /// One restart gives up all that left by then.</summary>
    public static bool MayJoinRestart(Turn turn, NodeCard from) =>
        from.Gate is { } gate && (from.GateKind != GateKind.Supervised || gate.Incarnation is not null)
        && !turn.View.Moves.Values.Any(m => m.From == from.Id && m.Phase != MovePhase.Settling && Tells(gate.Silent, m));

    private static string Late(Turn turn, MoveRecord move, NodeCard from, bool isSilent)
    {
        var word = from.Gate?.Busy.GetValueOrDefault(move.Bucket.ToString());
        return isSilent
            ? $"{from.Id} did not release it in {turn.Options.ReleaseTimeout.TotalSeconds} s{(word is null ? "" : $": {word}")}"
            : word is null ? $"the gate of {from.Id} is not silent" : $"the gate of {from.Id} is busy with {word}";
    }

    private static bool Tells(ImmutableSortedDictionary<string, long> reports, MoveRecord move) =>
        reports.TryGetValue(move.Bucket.ToString(), out var told) && told == move.CreateRevision;
}
