using System.Collections.Immutable;
using BucketProxy.Cluster.Store;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Auditing;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>What to do, and what to remember.</summary>
internal sealed record ReconcileResult
{
    public required MonitorState State { get; init; }

    public ImmutableArray<MonitorAction> Actions { get; init; } = [];

    /// <summary>Everything that is wrong right now.</summary>
    public ImmutableArray<Alarm> Alarms { get; init; } = [];

    /// <summary>Decide again at this time even if nothing happens; null: no need.</summary>
    public TimeSpan? WakeAt { get; init; }

    /// <summary>True: the view does not yet hold our last write; nothing was decided and <see cref="Alarms"/> says nothing.</summary>
    public bool Waiting { get; init; }

    /// <summary>True: the view shows another leader. Stop deciding; every write would be refused (S6).</summary>
    public bool Deposed { get; init; }
}

/// <summary>Something to be done outside. Each is answered by one event of <see cref="MonitorEvent"/>.</summary>
internal abstract record MonitorAction;

/// <summary>A guarded write, answered by <see cref="WriteEnded"/>.</summary>
/// <param name="Subject">What it is about; one write a subject at a time.</param>
/// <param name="Transaction">The write.</param>
/// <param name="Why">For the log.</param>
internal sealed record WriteAction(string Subject, StoreTransaction Transaction, string Why) : MonitorAction
{
    /// <summary>The move that it ends, for who counts; null: none.</summary>
    public AuditRecord? Ends { get; init; }
}

/// <summary>A linearizable read of the proxies, answered by <see cref="ProxiesListed"/>.</summary>
internal sealed record ListProxiesAction : MonitorAction;

/// <summary>GET <c>/ping/</c>, answered by <see cref="PingEnded"/>.</summary>
internal sealed record PingAction(string Node, string LocalUrl) : MonitorAction;

/// <summary>The release call, answered by <see cref="ReleaseEnded"/>. Idempotent.</summary>
internal sealed record CallReleaseAction(
    string Node, string LocalUrl, Bucket Bucket, BasePrefix? Pin, long Epoch, long Move, TimeSpan Timeout) : MonitorAction;

/// <summary>The restart command, answered by <see cref="RestartEnded"/>.</summary>
internal sealed record RunRestartAction(string Node, ImmutableArray<string> Command, TimeSpan Timeout) : MonitorAction;
