namespace BucketProxy.Admin.Contract;

/// <summary>Everything that the dashboard shows: the first event of <c>/api/events</c>, and what a reader gets that fell behind.</summary>
/// <param name="Run">Names this run of the instance: event ids and the ids of history entries count anew in another.</param>
/// <param name="At">When, by this instance's clock.</param>
/// <param name="Status">The cluster.</param>
/// <param name="Nodes">The dtable-servers.</param>
/// <param name="Buckets">All 256, in rising order.</param>
/// <param name="Pins">Pins with an owner.</param>
/// <param name="Moves">Moves that stand.</param>
/// <param name="Loads">Load by bucket.</param>
internal sealed record LiveSnapshot(
    string Run,
    DateTimeOffset At,
    StatusReport Status,
    IReadOnlyList<NodeReport> Nodes,
    IReadOnlyList<BucketOwner> Buckets,
    IReadOnlyList<PinReport> Pins,
    IReadOnlyList<MoveReport> Moves,
    LoadFigures Loads);

/// <summary>What has changed since the event before it; what has not is left out.</summary>
internal sealed record LiveChange
{
    /// <summary>When, by this instance's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The cluster.</summary>
    public StatusReport? Status { get; init; }

    /// <summary>All dtable-servers.</summary>
    public IReadOnlyList<NodeReport>? Nodes { get; init; }

    /// <summary>Only the buckets that changed.</summary>
    public IReadOnlyList<BucketOwner>? Buckets { get; init; }

    /// <summary>All pins.</summary>
    public IReadOnlyList<PinReport>? Pins { get; init; }

    /// <summary>All moves that stand.</summary>
    public IReadOnlyList<MoveReport>? Moves { get; init; }

    /// <summary>Load by bucket.</summary>
    public LoadFigures? Loads { get; init; }

    /// <summary>What happened.</summary>
    public IReadOnlyList<HistoryEntry>? History { get; init; }
}

/// <summary>Who owns a bucket.</summary>
/// <param name="Bucket">Two hex digits.</param>
/// <param name="Node">The owner; null: none.</param>
/// <param name="Epoch">Rises with every change of owner.</param>
/// <param name="State">open, moving or unassigned.</param>
internal sealed record BucketOwner(string Bucket, string? Node, long Epoch, string State);

/// <summary>Load of the 256 buckets, in rising order, through all proxies, as they last published it.</summary>
/// <param name="Rates">Requests a second.</param>
/// <param name="Sockets">Open websockets.</param>
internal sealed record LoadFigures(IReadOnlyList<double> Rates, IReadOnlyList<int> Sockets);

/// <summary>What happened in the last hour, the earliest first.</summary>
/// <param name="Run">Names this run of the instance: entries' ids count anew in another.</param>
/// <param name="Since">From when on the changes of owner are complete. Undone one by one, the latest first, they lead from the owners of now to those of any time since.</param>
/// <param name="Limit">How many entries are kept at most; older ones are dropped first.</param>
/// <param name="Entries">What happened.</param>
internal sealed record HistoryReport(string Run, DateTimeOffset Since, int Limit, IReadOnlyList<HistoryEntry> Entries);

/// <summary>Something that happened.</summary>
internal sealed record HistoryEntry
{
    /// <summary>Rises by one from entry to entry of a run. 0 and below: read from the audit records of before it.</summary>
    public required long Id { get; init; }

    /// <summary>When, by the clock of the instance that saw it.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>owner, aborted, node, alarm, order, wish, leader, proxy or store.</summary>
    public required string Kind { get; init; }

    /// <summary>good, info, warning or bad.</summary>
    public required string Level { get; init; }

    /// <summary>Whom it is about: a node, proxy, bucket or pin; null: the cluster.</summary>
    public string? Subject { get; init; }

    /// <summary>In words.</summary>
    public required string Text { get; init; }

    /// <summary>Of a change of owner: two hex digits.</summary>
    public string? Bucket { get; init; }

    /// <summary>Of a change of a pin's owner: the pin.</summary>
    public string? Base { get; init; }

    /// <summary>Of a change of owner: who had it; null: nobody.</summary>
    public string? From { get; init; }

    /// <summary>Of a change of owner: who got it; null: nobody.</summary>
    public string? To { get; init; }

    /// <summary>Of a change of owner: the new epoch, where it is known.</summary>
    public long? Epoch { get; init; }

    /// <summary>Of a change of owner: orphan, drain, pin, balance or load; null: no move of ours.</summary>
    public string? Reason { get; init; }
}
