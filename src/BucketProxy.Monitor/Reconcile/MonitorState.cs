using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Planning;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// What a leader measured itself, on its own monotonic clock. Never stored and never handed over: a new leader begins with
/// <see cref="Begin"/> and measures anew, so every wait can only get longer by a change of leader, never shorter.
/// </summary>
internal sealed record MonitorState
{
    /// <summary>No decision is made on a view older than this: it does not yet hold our own last write.</summary>
    public long SeenRevision { get; init; }

    /// <summary>What is being written: nothing more is decided about these until the store has answered.</summary>
    public ImmutableHashSet<string> Writing { get; init; } = [];

    /// <summary>Writes that were not applied: tried again once the view has changed, or a second later.</summary>
    public ImmutableSortedDictionary<string, FailedWrite> Failed { get; init; } = Empty<FailedWrite>();

    public ImmutableSortedDictionary<string, NodeWatch> Nodes { get; init; } = Empty<NodeWatch>();

    /// <summary>Proxy instance to since when this leader sees its <c>alive</c> key missing.</summary>
    public ImmutableSortedDictionary<string, TimeSpan> AliveGone { get; init; } = Empty<TimeSpan>();

    /// <summary>The proxies that the last linearizable read found, and the revision of that read.</summary>
    public ProxyList? Listed { get; init; }

    /// <summary>True while such a read is under way.</summary>
    public bool Listing { get; init; }

    public ImmutableSortedDictionary<Bucket, MoveWatch> Moves { get; init; } = ImmutableSortedDictionary<Bucket, MoveWatch>.Empty;

    public ImmutableSortedDictionary<Bucket, Backoff> Backoffs { get; init; } = ImmutableSortedDictionary<Bucket, Backoff>.Empty;

    /// <summary>When each bucket last changed owner.</summary>
    public ImmutableSortedDictionary<Bucket, TimeSpan> Moved { get; init; } = ImmutableSortedDictionary<Bucket, TimeSpan>.Empty;

    /// <summary>Nodes whose restart command runs.</summary>
    public ImmutableHashSet<string> Restarting { get; init; } = [];

    /// <summary>Owners whose registration went, and when: what the guard against mass loss counts.</summary>
    public ImmutableSortedDictionary<string, TimeSpan> Losses { get; init; } = Empty<TimeSpan>();

    /// <summary>Grants as of the last view, to notice what somebody else wrote. Null before the first.</summary>
    public ImmutableSortedDictionary<Bucket, Grant>? Assignments { get; init; }

    /// <summary>Owners that we asked the store to write, each with the write's subject.</summary>
    public ImmutableSortedDictionary<Bucket, ExpectedOwner> Expected { get; init; } = ImmutableSortedDictionary<Bucket, ExpectedOwner>.Empty;

    /// <summary>Assignments that somebody else wrote, lately.</summary>
    public ImmutableSortedDictionary<Bucket, ForeignWrite> Foreign { get; init; } = ImmutableSortedDictionary<Bucket, ForeignWrite>.Empty;

    /// <summary>Counts audit records of this leader, so that no two have one id.</summary>
    public int Audits { get; init; }

    /// <summary>Load samples, the newest last, and when that was taken. Kept only while evening out by itself.</summary>
    public ImmutableArray<LoadSample> Loads { get; init; } = [];

    public TimeSpan? LoadedAt { get; init; }

    /// <summary>The order last seen.</summary>
    public string? Order { get; init; }

    /// <summary>The report last written, as text.</summary>
    public string? Report { get; init; }

    /// <summary>The state of a leader that has just been elected.</summary>
    /// <param name="leaderRevision">Create-revision of its leader key: no older view may be acted on.</param>
    public static MonitorState Begin(long leaderRevision) => new() { SeenRevision = leaderRevision };

    private static ImmutableSortedDictionary<string, T> Empty<T>() =>
        ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);
}

/// <summary>A write that was not applied.</summary>
/// <param name="ViewRevision">The view at the time.</param>
/// <param name="Until">When it may be tried again on the same view.</param>
internal sealed record FailedWrite(long ViewRevision, TimeSpan Until);

/// <summary>Proxies by a linearizable read.</summary>
internal sealed record ProxyList(long Revision, ImmutableSortedSet<string> Instances);

/// <summary>What this leader saw of one node.</summary>
internal sealed record NodeWatch
{
    /// <summary>Since when its registration is not there; null while it is.</summary>
    public TimeSpan? GoneSince { get; init; }

    /// <summary>True once this leader has seen it registered.</summary>
    public bool WasRegistered { get; init; }

    /// <summary>Since when it fails its pings; null: the last one was answered, or none was sent.</summary>
    public TimeSpan? FailingSince { get; init; }

    /// <summary>When the last ping's result came; null before the first.</summary>
    public TimeSpan? PingedAt { get; init; }

    /// <summary>When the ping under way was sent; null: none is.</summary>
    public TimeSpan? PingSentAt { get; init; }

    /// <summary>Last <c>refresh_time</c> and when it changed.</summary>
    public string? RefreshTime { get; init; }

    public TimeSpan RefreshedAt { get; init; }

    /// <summary>The runs of the server seen under this id, latest last; a run that comes back means two servers with one id.</summary>
    public ImmutableArray<string> Runs { get; init; } = [];

    /// <summary>When two servers were last seen under this id.</summary>
    public TimeSpan? TwinsAt { get; init; }

    /// <summary>Since when its gate stands without a server that is registered and lives; null: it does not.</summary>
    public TimeSpan? GateIdleSince { get; init; }

    /// <summary>True once this leader has had an answer from it: only then does silence mean anything.</summary>
    public bool HasAnswered { get; init; }

    public bool Answers => PingedAt is not null && FailingSince is null;
}

/// <summary>How far the old owner's release is.</summary>
internal enum ReleaseStep
{
    NotAsked,
    Asked,
    Done,
    Failed,
}

/// <summary>What this leader saw of one move.</summary>
internal sealed record MoveWatch
{
    public required long CreateRevision { get; init; }

    public required MovePhase Phase { get; init; }

    /// <summary>When this leader first saw the move.</summary>
    public required TimeSpan FirstSeen { get; init; }

    /// <summary>When this leader first saw it in its phase.</summary>
    public required TimeSpan Since { get; init; }

    public ReleaseStep Release { get; init; }

    /// <summary>When this leader first saw that the old owner's gate is silent about it; null: not yet, or there is no gate.</summary>
    public TimeSpan? GateSilentAt { get; init; }

    /// <summary>Why the release failed.</summary>
    public string? ReleaseFailure { get; init; }

    /// <summary>How long earlier phases took, as far as this leader saw them.</summary>
    public TimeSpan Quiesced { get; init; }

    public TimeSpan Released { get; init; }

    /// <summary>Who gets it, and whether a pin moves.</summary>
    public required string To { get; init; }

    public BasePrefix? Pin { get; init; }
}

/// <summary>A bucket whose move was aborted rests before it is tried again.</summary>
/// <param name="Failures">Aborts in a row.</param>
/// <param name="Until">When it may be tried again.</param>
/// <param name="Why">Who was busy with what, or what else was in the way.</param>
internal sealed record Backoff(int Failures, TimeSpan Until, string Why);

/// <summary>An owner that one of our writes under way names.</summary>
internal sealed record ExpectedOwner(string Owner, string Subject);

/// <summary>An assignment that is not ours. <paramref name="To"/> null: somebody deleted it.</summary>
internal sealed record ForeignWrite(string? From, string? To, long Epoch, TimeSpan At);
