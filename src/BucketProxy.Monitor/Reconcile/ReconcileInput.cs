using System.Collections.Immutable;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>Everything that a decision rests on.</summary>
internal sealed record ReconcileInput
{
    /// <summary>The store, as of one revision.</summary>
    public required ClusterView View { get; init; }

    /// <summary>What this leader measured so far.</summary>
    public required MonitorState State { get; init; }

    public required MonitorOptions Options { get; init; }

    /// <summary>Create-revision of this leader's key: every write compares it (S6).</summary>
    public required long LeaderRevision { get; init; }

    /// <summary>This monitor's monotonic clock.</summary>
    public required TimeSpan Now { get; init; }

    /// <summary>The wall clock: written down for people, never decided by.</summary>
    public DateTimeOffset Clock { get; init; }

    /// <summary>What came back since the last decision.</summary>
    public ImmutableArray<MonitorEvent> Events { get; init; } = [];

    /// <summary>Null: the store is adopted. Else why not: its identity changed, or its revision ran backwards.</summary>
    public string? NotAdopted { get; init; }

    public KeySchema Keys { get; init; } = new();

    /// <summary>The buckets that are managed: all, except in tests that want a small world.</summary>
    public ImmutableArray<Bucket> Buckets { get; init; } = AllBuckets;

    public Mutations Mutations { get; init; }

    private static readonly ImmutableArray<Bucket> AllBuckets = [.. Bucket.All];
}

/// <summary>What came back from an action.</summary>
internal abstract record MonitorEvent;

/// <summary>A ping's answer, or the lack of one in time.</summary>
internal sealed record PingEnded(string Node, bool Answered) : MonitorEvent;

/// <summary>The proxies, by a linearizable read of <c>bucketproxy/proxies/</c>; revision 0: the read failed.</summary>
internal sealed record ProxiesListed(long Revision, ImmutableSortedSet<string> Instances) : MonitorEvent;

/// <summary>
/// A write came to its end: applied; or refused, because something it compares has changed; or of unknown outcome, in which
/// case the store has been read linearizably since.
/// </summary>
/// <param name="Subject">Of the <see cref="WriteAction"/>.</param>
/// <param name="Revision">When applied: the revision that it made.</param>
/// <param name="Applied">True: it was applied, for certain.</param>
internal sealed record WriteEnded(string Subject, long Revision, bool Applied) : MonitorEvent;

/// <summary>A release call ended. <paramref name="Failure"/> null: the node saved and unloaded the bucket.</summary>
internal sealed record ReleaseEnded(Bucket Bucket, long Move, string? Failure) : MonitorEvent;

/// <summary>A restart command ended. <paramref name="Failure"/> null: the server's old process is gone, and has saved.</summary>
internal sealed record RestartEnded(string Node, string? Failure) : MonitorEvent;
