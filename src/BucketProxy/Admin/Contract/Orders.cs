namespace BucketProxy.Admin.Contract;

/// <summary>The answer to a rebalance order.</summary>
internal sealed record RebalanceReport
{
    /// <summary>The plan's id: apply a previewed plan with ?plan=ID.</summary>
    public required string Plan { get; init; }

    /// <summary>The store revision it was planned at.</summary>
    public required long Revision { get; init; }

    /// <summary>True: nothing was ordered.</summary>
    public bool DryRun { get; init; }

    /// <summary>True: every move has ended.</summary>
    public bool Done { get; init; }

    /// <summary>The moves.</summary>
    public required IReadOnlyList<PlannedMove> Moves { get; init; }

    /// <summary>Moves that cannot be made, and why.</summary>
    public IReadOnlyList<RefusedMove> Refused { get; init; } = [];

    /// <summary>What is to be known beforehand: which servers are restarted for it, and how long that takes.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>With ?wait=true: what became of the moves, with the time of each phase.</summary>
    public IReadOnlyList<MoveReport>? Outcome { get; init; }
}

/// <summary>A move of a plan.</summary>
/// <param name="Bucket">Two hex digits.</param>
/// <param name="Base">The pin that moves; null: the whole bucket.</param>
/// <param name="From">Who owns it; null: nobody.</param>
/// <param name="To">Who shall.</param>
/// <param name="Reason">Why.</param>
internal sealed record PlannedMove(string Bucket, string? Base, string? From, string To, string Reason);

/// <summary>A move that cannot be made.</summary>
/// <param name="Bucket">Two hex digits.</param>
/// <param name="Base">The pin; null: the whole bucket.</param>
/// <param name="To">Who should have got it.</param>
/// <param name="Why">Why not.</param>
internal sealed record RefusedMove(string Bucket, string? Base, string? To, string Why);

/// <summary>The body of PUT /api/nodes/{id}/weight.</summary>
/// <param name="Weight">Above 0, up to 100.</param>
internal sealed record WeightOrder(double Weight);

/// <summary>The body of PUT /api/pins/{pin}.</summary>
/// <param name="Node">Who shall own it.</param>
internal sealed record PinOrder(string Node);

/// <summary>The body of POST /api/freeze.</summary>
/// <param name="Reason">Why, for people.</param>
internal sealed record FreezeOrder(string? Reason);

/// <summary>An order was taken.</summary>
/// <param name="Ordered">What was ordered, in words.</param>
/// <param name="DryRun">True: it would have been taken, and nothing was ordered.</param>
internal sealed record OrderTaken(string Ordered, bool DryRun = false);
