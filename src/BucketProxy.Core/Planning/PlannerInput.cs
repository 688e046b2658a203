using System.Collections.Immutable;
using BucketProxy.Core.Bases;

namespace BucketProxy.Core.Planning;

/// <summary>How much a plan may change.</summary>
public enum PlanScope
{
    /// <summary>What must be: orphans, pins, draining nodes. A node that joins gets nothing by this alone.</summary>
    Required,

    /// <summary>That, and evening out counts and measured load.</summary>
    Rebalance,
}

/// <summary>Everything that a plan depends on. Plain values; whatever order the collections are in, the plan is the same.</summary>
public sealed record PlannerInput
{
    /// <summary>How much the plan may change.</summary>
    public PlanScope Scope { get; init; } = PlanScope.Rebalance;

    /// <summary>The nodes that there are. An owner that is not among them is gone: its buckets are orphans.</summary>
    public required IReadOnlyCollection<PlannerNode> Nodes { get; init; }

    /// <summary>Owners by bucket; for a bucket whose move stands, the node it goes to. A bucket that is not in it is an orphan.</summary>
    public required IReadOnlyDictionary<Bucket, string> Owners { get; init; }

    /// <summary>Buckets that may not be planned, nor any pin of them: a move stands.</summary>
    public IReadOnlySet<Bucket> Busy { get; init; } = ImmutableHashSet<Bucket>.Empty;

    /// <summary>Pins that are wished for, or still granted.</summary>
    public IReadOnlyCollection<PlannerPin> Pins { get; init; } = [];

    /// <summary>Static placement: bucket to node. Given, it alone says where buckets belong, and nothing fails over.</summary>
    public IReadOnlyDictionary<Bucket, string>? StaticPlacement { get; init; }

    /// <summary>Measured load, the newest sample last. Load is balanced only by at least
    /// <see cref="PlannerLimits.LoadSamples"/> samples.</summary>
    public IReadOnlyList<LoadSample> Loads { get; init; } = [];

    /// <summary>Time since the last move of a bucket or of a pin of it. A bucket that is not in it never moved.</summary>
    public IReadOnlyDictionary<Bucket, TimeSpan> SinceMove { get; init; } = ImmutableDictionary<Bucket, TimeSpan>.Empty;

    /// <summary>S9: pairs that may not be: the node's process lost the bucket without a proven release.</summary>
    public IReadOnlySet<(Bucket Bucket, string NodeId)> Forbidden { get; init; } = ImmutableHashSet<(Bucket, string)>.Empty;

    /// <summary>S9: the same for pins that were lost alone.</summary>
    public IReadOnlySet<(BasePrefix Pin, string NodeId)> ForbiddenPins { get; init; } = ImmutableHashSet<(BasePrefix, string)>.Empty;

    /// <summary>Planned moves already made in this round, which the budget of load moves counts.</summary>
    public int MovedThisRound { get; init; }

    /// <summary>Thresholds.</summary>
    public PlannerLimits Limits { get; init; } = new();
}

/// <summary>A node as the planner sees it.</summary>
public sealed record PlannerNode
{
    /// <summary>The node's id.</summary>
    public required string Id { get; init; }

    /// <summary>Share of the buckets relative to the other nodes'; above 0.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>The most buckets it should own; null: no limit. Exceeded only when all nodes together are too small.</summary>
    public int? Capacity { get; init; }

    /// <summary>Gets no further buckets, keeps those it has. A pin may still name it.</summary>
    public bool Cordoned { get; init; }

    /// <summary>Gives all its buckets away and gets none.</summary>
    public bool Draining { get; init; }

    /// <summary>False: no planned move off it is possible (release mode <c>none</c>).</summary>
    public bool CanRelease { get; init; } = true;

    /// <summary>True: not registered, but perhaps alive (it answers its ping, or its grace is not over). It keeps what it has
    /// and gets nothing.</summary>
    public bool Suspect { get; init; }
}

/// <summary>A pin as the planner sees it.</summary>
public sealed record PlannerPin
{
    /// <summary>What is pinned.</summary>
    public required BasePrefix Pin { get; init; }

    /// <summary>Who is granted it; null: nobody, it goes with its bucket (or with a shorter pin).</summary>
    public string? Owner { get; init; }

    /// <summary>Who is wished to own it; null: the wish is gone, and it goes back to its bucket.</summary>
    public string? Target { get; init; }

    /// <summary>Requests a second, not counted in its bucket's.</summary>
    public double Rate { get; init; }
}

/// <summary>Load of all buckets over one stretch of time. A bucket that is not in it had none.</summary>
public sealed record LoadSample(IReadOnlyDictionary<Bucket, PlannerLoad> Buckets);

/// <summary>Load of one bucket.</summary>
/// <param name="Rate">Requests a second, not negative.</param>
/// <param name="Sockets">Open tunnels.</param>
public readonly record struct PlannerLoad(double Rate, int Sockets = 0);

/// <summary>Thresholds of the planner.</summary>
public sealed record PlannerLimits
{
    /// <summary>Load is balanced once the busiest node exceeds this multiple of the mean. Higher: calmer, less even.</summary>
    public double LoadHigh { get; init; } = 1.20;

    /// <summary>Balancing stops at this multiple of the mean. Must be below <see cref="LoadHigh"/>, or it would flap.</summary>
    public double LoadLow { get; init; } = 1.10;

    /// <summary>Samples in a row that must exceed <see cref="LoadHigh"/>.</summary>
    public int LoadSamples { get; init; } = 3;

    /// <summary>C1: share of the buckets that may move in a round in which load is balanced.</summary>
    public double Budget { get; init; } = 0.09;

    /// <summary>How long a bucket is left alone after a move, as far as load goes.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A gain smaller than this share of the mean is not worth a move.</summary>
    public double SmallestGain { get; init; } = 0.005;

    /// <summary>Open sockets that weigh as much as the move itself: each of them is closed and comes back.</summary>
    public double SocketsPerMove { get; init; } = 50;
}
