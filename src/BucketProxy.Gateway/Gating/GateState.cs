using System.Collections.Immutable;
using BucketProxy.Cluster.View;

namespace BucketProxy.Gateway.Gating;

/// <summary>Where a gate's server is in its life.</summary>
public enum ServerStep
{
    /// <summary>No process of it is there.</summary>
    None,

    /// <summary>Its start was asked for, or it runs and has not answered yet.</summary>
    Starting,

    /// <summary>It answered.</summary>
    Running,

    /// <summary>It is about to be restarted: nothing is admitted to it, what is in flight runs out.</summary>
    Draining,

    /// <summary>It was asked to save and to end.</summary>
    Stopping,
}

/// <summary>What a gate knows about its own standing. Immutable; <see cref="GateParticipant"/> makes the next one.</summary>
public sealed record GateState
{
    /// <summary>Create-revision of the gate's key; 0: it is not known to stand.</summary>
    public long CreatedAt { get; init; }

    /// <summary>What the store has acknowledged of the gate's key; null: nothing.</summary>
    public GateRecord? Written { get; init; }

    /// <summary>Store revision of the write that published the present incarnation (G6); 0: it is not published.</summary>
    public long PublishedAt { get; init; }

    /// <summary>Where the server is in its life.</summary>
    public ServerStep Step { get; init; }

    /// <summary>The run of the server that may have processes; null: there is none.</summary>
    public string? Run { get; init; }

    /// <summary>When the present step began.</summary>
    public TimeSpan Since { get; init; }

    /// <summary>The run that the cluster is to know; null: none may hold bases.</summary>
    public string? Incarnation { get; init; }

    /// <summary>The last run that held bases, for the case that it does not come back from a restart.</summary>
    public string? LastIncarnation { get; init; }

    /// <summary>The last run that ended without having saved (G8).</summary>
    public string? Exited { get; init; }

    /// <summary>Until when nothing is admitted, because a dead run's save may still land (G9).</summary>
    public TimeSpan LateUntil { get; init; }

    /// <summary>Not before this time is the server started again, nor the gate registered.</summary>
    public TimeSpan NotBefore { get; init; }

    /// <summary>Starts in a row that came to nothing.</summary>
    public int FailedStarts { get; init; }

    /// <summary>When the server was asked to stop for a planned restart; null: it was not.</summary>
    public TimeSpan? RestartedAt { get; init; }

    /// <summary>How long the last planned restart took.</summary>
    public TimeSpan? RestartTook { get; init; }

    /// <summary>How long the last start of the server took, until it answered.</summary>
    public TimeSpan? StartTook { get; init; }

    /// <summary>The moves that the restart under way is for: bucket to create-revision.</summary>
    public ImmutableSortedDictionary<string, long> RestartFor { get; init; } = Moves;

    /// <summary>Moves whose release was asked of the server: bucket to create-revision.</summary>
    public ImmutableSortedDictionary<string, long> Asked { get; init; } = Moves;

    /// <summary>Moves whose bucket the server has let go of, of those that stand: bucket to create-revision (G3).</summary>
    public ImmutableSortedDictionary<string, long> Released { get; init; } = Moves;

    /// <summary>Bucket to why it could not be released, for people.</summary>
    public ImmutableSortedDictionary<string, string> Failures { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    internal static ImmutableSortedDictionary<string, long> Moves { get; } =
        ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);
}

/// <summary>What came back since the last decision.</summary>
public abstract record GateEvent;

/// <summary>A start ended: <paramref name="Incarnation"/> runs, or <paramref name="Failure"/> says why not.</summary>
public sealed record ServerStarted(string? Incarnation, string? Failure) : GateEvent;

/// <summary>The run answered <c>/ping/</c>.</summary>
public sealed record ServerAnswered(string Incarnation) : GateEvent;

/// <summary>No process of the run is left.</summary>
public sealed record ServerEnded(string Incarnation, bool HasSaved) : GateEvent;

/// <summary>A release that was asked for ended. <paramref name="Failure"/> null: the server has saved and unloaded it.</summary>
public sealed record BucketReleased(string Bucket, long Move, string? Failure) : GateEvent;

/// <summary>The key was created, at this revision.</summary>
public sealed record GateRegistered(long Revision) : GateEvent;

/// <summary>The key could not be created, since another gate's, or a registration of somebody else, stands there.</summary>
public sealed record GateRefused(string Why) : GateEvent;

/// <summary>The record was written, at this revision.</summary>
public sealed record GateWritten(GateRecord Record, long Revision) : GateEvent;

/// <summary>The gate's own keys were deleted.</summary>
public sealed record GateLeft : GateEvent;

/// <summary>The record was not written, since the key of this gate does not stand any more.</summary>
public sealed record GateOverwritten : GateEvent;
