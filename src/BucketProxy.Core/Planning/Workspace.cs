namespace BucketProxy.Core.Planning;

/// <summary>A node inside the planner.</summary>
/// <param name="Weight">Above 0.</param>
/// <param name="Capacity">The most buckets it should own.</param>
/// <param name="Takes">May get buckets.</param>
/// <param name="Drains">Ought to give all away.</param>
/// <param name="Suspect">Not registered.</param>
/// <param name="CanRelease">May give buckets away.</param>
/// <param name="Hash">For <see cref="Rendezvous"/>.</param>
internal readonly record struct WorkNode(
    double Weight, int Capacity, bool Takes, bool Drains, bool Suspect, bool CanRelease, ulong Hash)
{
    /// <summary>A planned move off it is possible.</summary>
    public bool Gives => CanRelease && !Suspect;
}

/// <summary>One step of a plan, by index.</summary>
internal readonly record struct WorkMove(int Bucket, int From, int To, PlanReason Reason);

/// <summary>One step that ought to be made and cannot.</summary>
internal readonly record struct WorkRefusal(int Bucket, int From, int To, PlanReason Reason);

/// <summary>
/// The planner's scratch pad: buckets and nodes by index (any number of both; nodes in ordinal order of id), changed by one
/// phase after the other. A bucket moves at most once.
/// </summary>
internal sealed class Workspace
{
    /// <summary>No node.</summary>
    public const int Nobody = -1;

    public required WorkNode[] Nodes { get; init; }

    /// <summary>Owner of each bucket, or <see cref="Nobody"/>.</summary>
    public required int[] Owner { get; init; }

    /// <summary>Buckets that may not be planned.</summary>
    public required bool[] Busy { get; init; }

    /// <summary>Buckets that rest after a move.</summary>
    public required bool[] Resting { get; init; }

    /// <summary>The last samples of the load; each holds one number a bucket.</summary>
    public required double[][] Samples { get; init; }

    /// <summary>Mean load of each bucket over the samples.</summary>
    public required double[] Load { get; init; }

    /// <summary>Load of each node that no bucket carries: its pins'.</summary>
    public double[] PinnedLoad => field ??= new double[Nodes.Length];

    /// <summary>Open sockets of each bucket.</summary>
    public required int[] Sockets { get; init; }

    /// <summary>S9: pairs that may not be.</summary>
    public required HashSet<(int Bucket, int Node)> Forbidden { get; init; }

    public List<WorkMove> Moves { get; } = [];

    public List<WorkRefusal> Refused { get; } = [];

    /// <summary>Buckets that this plan moves.</summary>
    public bool[] Moved => field ??= new bool[Owner.Length];

    public bool May(int bucket, int node) => !Forbidden.Contains((bucket, node));

    /// <summary>Moves a bucket; one that this plan moves already goes to <paramref name="to"/> instead, at no further cost.</summary>
    public void Move(int bucket, int to, PlanReason reason)
    {
        var from = Owner[bucket];
        Owner[bucket] = to;
        if (!Moved[bucket])
        {
            Moves.Add(new WorkMove(bucket, from, to, reason));
            Moved[bucket] = true;
            return;
        }
        var at = Moves.FindIndex(m => m.Bucket == bucket);
        if (Moves[at].From != to)
        {
            Moves[at] = Moves[at] with { To = to };
            return;
        }
        Moves.RemoveAt(at);
        Moved[bucket] = false;
    }

    /// <summary>A pad of its own with the same content, to try something on.</summary>
    public Workspace Copy()
    {
        var copy = new Workspace
        {
            Nodes = Nodes,
            Owner = [.. Owner],
            Busy = Busy,
            Resting = Resting,
            Samples = Samples,
            Load = Load,
            Sockets = Sockets,
            Forbidden = Forbidden,
        };
        Moved.CopyTo(copy.Moved, 0);
        copy.Moves.AddRange(Moves);
        return copy;
    }

    /// <summary>How many buckets each node owns.</summary>
    public int[] Counts()
    {
        var counts = new int[Nodes.Length];
        foreach (var owner in Owner)
        {
            if (owner != Nobody)
                counts[owner]++;
        }
        return counts;
    }

    /// <summary>Load of each node, of one sample or of the mean.</summary>
    public double[] LoadOfNodes(double[] load)
    {
        double[] sums = [.. PinnedLoad];
        for (var b = 0; b < Owner.Length; b++)
        {
            if (Owner[b] != Nobody)
                sums[Owner[b]] += load[b];
        }
        return sums;
    }

    /// <summary>The buckets of each node, rising.</summary>
    public List<int>[] BucketsOfNodes()
    {
        var buckets = new List<int>[Nodes.Length];
        for (var n = 0; n < buckets.Length; n++)
            buckets[n] = [];
        for (var b = 0; b < Owner.Length; b++)
        {
            if (Owner[b] != Nobody)
                buckets[Owner[b]].Add(b);
        }
        return buckets;
    }

    public ulong Rank(int bucket, int node) => Rendezvous.Rank(Nodes[node].Hash, bucket);
}
