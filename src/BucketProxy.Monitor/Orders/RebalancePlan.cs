using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Auditing;

namespace BucketProxy.Monitor.Orders;

/// <summary>A plan to even out, ordered or not.</summary>
public sealed record RebalancePlan
{
    /// <summary>Its id. The same as long as nothing changes that it rests on.</summary>
    public required string Id { get; init; }

    /// <summary>The store revision it was made at.</summary>
    public required long Revision { get; init; }

    /// <summary>True: nothing was ordered.</summary>
    public bool DryRun { get; init; }

    /// <summary>True: nothing is left to do.</summary>
    public bool Done { get; init; }

    /// <summary>The moves.</summary>
    public ImmutableArray<PlannedMoveRecord> Moves { get; init; } = [];

    /// <summary>What ought to move and cannot, and what was given up.</summary>
    public ImmutableArray<RefusedMoveRecord> Refused { get; init; } = [];

    /// <summary>What is to be known beforehand: which nodes are restarted for it, and how long that takes.</summary>
    public ImmutableArray<string> Remarks { get; init; } = [];

    /// <summary>Once it is done: what became of the moves, the latest first.</summary>
    public IReadOnlyList<AuditRecord> Outcome { get; init; } = [];
}
