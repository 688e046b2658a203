using BucketProxy.Cluster.Store;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Planning;
using BucketProxy.Monitor.Alarms;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// Gives buckets that have no key their first owner, and their pins theirs. Nobody can have anything in flight or in
/// memory, so this needs no move: one guarded write for many.
/// </summary>
internal static class FirstAssignment
{
    /// <summary>Buckets in one transaction: etcd allows 128 comparisons, and each bucket needs two, each pin one.</summary>
    private const int Batch = 40;
    private const int Operations = 120;

    /// <summary>Whether the first assignment still waits for nodes.</summary>
    public static bool Waits(Turn turn) =>
        !turn.Options.IsStatic && turn.View.Assignments.IsEmpty && Eligible(turn) < turn.Options.MinNodes;

    private static int Eligible(Turn turn) => turn.Nodes.All.Count(n => n.Eligible);

    public static void Run(Turn turn, Plan plan)
    {
        if (Waits(turn))
        {
            turn.Raise(AlarmKind.WaitingForNodes, "",
                $"{Eligible(turn)} of the {turn.Options.MinNodes} nodes are there that the first assignment waits for.",
                "Start the other nodes, or lower minNodes.");
        }
        var owners = new SortedDictionary<Bucket, string>();
        foreach (var bucket in turn.Input.Buckets)
        {
            if (turn.View.Assignments.ContainsKey(bucket) || turn.View.Moves.ContainsKey(bucket))
                continue;
            // Somebody deleted the key: whoever held it still has it in memory, so it goes back there.
            if (turn.State.Foreign.TryGetValue(bucket, out var write) && write is { To: null, From: { } from })
                owners[bucket] = from;
            // Static placement does not wait for the node: until it comes, requests do.
            else if (turn.Options.IsStatic && turn.Options.Placement.StaticOwner(bucket) is { } configured)
                owners[bucket] = configured;
        }
        foreach (var move in plan.Moves)
        {
            if (move is { Pin: null, From: null } && turn.Nodes.Find(move.To) is { Eligible: true })
                owners.TryAdd(move.Bucket, move.To);
        }
        var batch = 0;
        foreach (var chunk in owners.Chunk(Batch))
            Assign(turn, batch++, chunk);
    }

    private static void Assign(Turn turn, int batch, KeyValuePair<Bucket, string>[] chunk)
    {
        var subject = "first/" + batch;
        if (turn.IsWriting(subject))
            return;
        var comparisons = new List<Comparison>();
        var puts = new List<StoreOperation>();
        foreach (var owner in chunk.Select(c => c.Value).Distinct())
        {
            if (turn.Nodes.Find(owner)?.Record is { } record)
                comparisons.Add(Comparison.CreatedAt(turn.Keys.Node(owner), record.CreateRevision));
        }
        var expected = turn.State.Expected;
        foreach (var (bucket, owner) in chunk)
        {
            comparisons.Add(Comparison.ModifiedAt(turn.Keys.Assignment(bucket), 0));
            comparisons.Add(Comparison.Absent(turn.Keys.Move(bucket)));
            puts.Add(StoreOperation.PutText(turn.Keys.Assignment(bucket), owner));
            expected = expected.SetItem(bucket, new ExpectedOwner(owner, subject));
        }
        // A pin whose node is there gets it at once: later, it would have to be taken from the bucket's owner.
        var buckets = chunk.Select(c => c.Key).ToHashSet();
        foreach (var pin in PinKeeping.All(turn))
        {
            if (!buckets.Contains(pin.Bucket) || turn.View.Pins.ContainsKey(pin) || puts.Count >= Operations
                || comparisons.Count >= Operations || PinKeeping.WantedOwner(turn, pin) is not { } node
                || (turn.Nodes.Find(node) is not { MayTakePins: true } && !turn.Options.IsStatic)
                || turn.State.Foreign.ContainsKey(pin.Bucket))
            {
                continue;
            }
            comparisons.Add(Comparison.Absent(turn.Keys.Pin(pin)));
            puts.Add(StoreOperation.PutText(turn.Keys.Pin(pin), node));
        }
        turn.Write(subject, $"{chunk.Length} buckets get their first owner", comparisons, puts);
        turn.State = turn.State with { Expected = expected };
    }
}
