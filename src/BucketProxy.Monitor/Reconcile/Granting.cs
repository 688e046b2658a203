using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>The write that changes an owner, and what it rests on.</summary>
internal static class Granting
{
    /// <summary>No save takes longer; keeps a senseless number from the store within what a clock can count.</summary>
    private const double LateSaveLimit = 3600;

    /// <summary>S1, S3: one transaction that holds only if nothing that it rests on has changed.</summary>
    /// <param name="turn">The decision.</param>
    /// <param name="move">The move.</param>
    /// <param name="released">True: the old owner has let go of it. False: it has not, or is dead.</param>
    public static void Grant(Turn turn, MoveRecord move, bool released)
    {
        var to = turn.Nodes.Find(move.To)!;
        var from = turn.Nodes.Find(move.From);
        var dies = !released && from is { IsProvenDead: true };
        var grantKey = turn.GrantKey(move.Bucket, move.Pin);
        var moveKey = turn.Keys.Move(move.Bucket);
        var comparisons = new List<Comparison>();
        if (!turn.Has(Mutations.GrantWithoutMove))
            comparisons.Add(Comparison.ModifiedAt(moveKey, move.ModRevision));
        if (!turn.Has(Mutations.GrantWithoutComparing))
            comparisons.Add(Comparison.ModifiedAt(grantKey, move.Epoch));
        if (!turn.Has(Mutations.GrantWithoutNode))
            comparisons.Add(Comparison.CreatedAt(turn.Keys.Node(move.To), to.Record!.CreateRevision));
        if (dies)
            comparisons.AddRange(turn.Has(Mutations.GrantBlindlyAfterLoss) ? [] : StillLost(turn, from!));
        // A loss holds only while the old owner stays away; a release by watching only while it is there to watch.
        else if (from is not null && (!released || from.Release == ReleaseMode.Watch) && !move.Forced)
            comparisons.Add(OldOwnerUnchanged(turn, from.Id));

        var puts = new List<StoreOperation>
        {
            StoreOperation.PutText(grantKey, move.To),
            StoreOperation.PutText(moveKey, RecordJson.Write(move with
            {
                Phase = MovePhase.Settling,
                // G9: in the store, so that another leader waits as well.
                SettleSeconds = dies ? LateSaveSeconds(turn, from!) : null,
            })),
        };
        // S9: who loses it without a proven release is written down in the same transaction. A process that is dead for certain keeps nothing.
        if (!released && !dies && from is not null && !turn.Has(Mutations.ForgetUnclean))
        {
            var record = GrantWatch.With(turn.View.Uncleans.GetValueOrDefault(move.Bucket), from.ProcessLosing(move.Pin));
            puts.Add(StoreOperation.PutText(turn.Keys.Unclean(move.Bucket), RecordJson.Write(record)));
        }
        var subject = StandingMoves.Subject(move);
        turn.Write(subject, $"bucket {move.Bucket}{(move.Pin is { } p ? " base " + p : "")}: {move.From ?? "(nobody)"} → {move.To}",
            comparisons, puts);
        if (move.Pin is null)
        {
            turn.State = turn.State with
            {
                Expected = turn.State.Expected.SetItem(move.Bucket, new ExpectedOwner(move.To, subject)),
            };
        }
    }

    /// <summary>What a loss rests on that this view shows: it holds only while that is still so.</summary>
    public static IEnumerable<Comparison> StillLost(Turn turn, NodeCard from)
    {
        yield return OldOwnerUnchanged(turn, from.Id);
        // G8: the gate's key is still gone, or still tells that exit: a new run is published by a write to this very key.
        if (from.IsProvenDead)
            yield return Comparison.ModifiedAt(turn.Keys.Gate(from.Id), from.Gate?.ModRevision ?? 0);
    }

    /// <summary>How long a move settles that was granted so.</summary>
    public static TimeSpan LateSave(double seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds, 0, LateSaveLimit));

    // The gate that tells the exit knows best, then what it said while it lived.
    private static double LateSaveSeconds(Turn turn, NodeCard from) =>
        (from.Gate is { HasExited: true } gate ? gate.LateSaveSeconds : from.Known?.LateSaveSeconds) ?? turn.Options.LateSaveTime.TotalSeconds;

    private static Comparison OldOwnerUnchanged(Turn turn, string node) =>
        Comparison.CreatedAt(turn.Keys.Node(node), turn.View.Nodes.GetValueOrDefault(node)?.CreateRevision ?? 0);
}
