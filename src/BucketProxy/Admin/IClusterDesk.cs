using BucketProxy.Admin.Contract;

namespace BucketProxy.Admin;

/// <summary>What the admin port asks of the cluster, beside what this instance sees itself. Any instance can take an order.</summary>
internal interface IClusterDesk
{
    /// <summary>What is wrong, as the leader last said.</summary>
    IReadOnlyList<AlarmReport> Alarms();

    /// <summary>Node id to standing, as the leader last said; empty where no leader has said anything.</summary>
    IReadOnlyDictionary<string, string> Standings();

    /// <summary>Moves that ended, the latest first.</summary>
    Task<IReadOnlyList<MoveReport>> PastMovesAsync(int count, CancellationToken cancellationToken);

    /// <summary>Moves that ended since a time, the latest first, at most <paramref name="count"/>.</summary>
    /// <exception cref="OrderRefusedException">The store does not answer.</exception>
    Task<IReadOnlyList<MoveReport>> MovesSinceAsync(DateTimeOffset since, int count, CancellationToken cancellationToken);

    /// <summary>What was ordered and what moved, the latest first, at most <paramref name="count"/>.</summary>
    /// <exception cref="OrderRefusedException">The store does not answer.</exception>
    Task<IReadOnlyList<AuditReport>> AuditAsync(int count, CancellationToken cancellationToken);

    /// <summary>Plans, and unless <paramref name="dryRun"/>, orders.</summary>
    /// <param name="dryRun">Plan only.</param>
    /// <param name="plan">The id of a previewed plan, to be ordered only if nothing has changed since; null: plan anew.</param>
    /// <param name="by">Who orders it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OrderRefusedException">It cannot be ordered.</exception>
    Task<RebalanceReport> RebalanceAsync(bool dryRun, string? plan, string by, CancellationToken cancellationToken);

    /// <summary>Completes when the order has ended.</summary>
    Task<RebalanceReport> WhenDoneAsync(RebalanceReport order, CancellationToken cancellationToken);

    /// <summary>Gives all buckets of a node away; <paramref name="force"/>: also without silence or release.</summary>
    /// <returns>What is to be known beforehand; null: nothing.</returns>
    Task<string?> DrainAsync(string node, bool force, string by, CancellationToken cancellationToken);

    /// <summary>What <see cref="DrainAsync"/> would say; nothing is ordered.</summary>
    /// <exception cref="OrderRefusedException">It could not be ordered.</exception>
    Task<string?> PreviewDrainAsync(string node, bool force);

    /// <summary>Gives a node no further buckets.</summary>
    Task CordonAsync(string node, string by, CancellationToken cancellationToken);

    /// <summary>Takes back a cordon or a drain.</summary>
    Task UncordonAsync(string node, string by, CancellationToken cancellationToken);

    /// <summary>Sets a node's share.</summary>
    Task SetWeightAsync(string node, double weight, string by, CancellationToken cancellationToken);

    /// <summary>Wishes that a node own a base, or the bases under a prefix.</summary>
    Task PinAsync(string pin, string node, string by, CancellationToken cancellationToken);

    /// <summary>Takes a pin back.</summary>
    Task UnpinAsync(string pin, string by, CancellationToken cancellationToken);

    /// <summary>Nothing changes owner any more.</summary>
    Task FreezeAsync(string? reason, string by, CancellationToken cancellationToken);

    /// <summary>Owners may change again.</summary>
    Task UnfreezeAsync(string by, CancellationToken cancellationToken);

    /// <summary>An operator's word that a lost proxy is gone for good.</summary>
    Task ForgetProxyAsync(string instance, string by, CancellationToken cancellationToken);

    /// <summary>An operator's word that a node's earlier process is gone.</summary>
    Task NodeProcessGoneAsync(string node, string by, CancellationToken cancellationToken);

    /// <summary>An operator's word that the store as it is now is the right one.</summary>
    Task AcceptStoreAsync(string by, CancellationToken cancellationToken);
}

/// <summary>Why an order cannot be taken.</summary>
internal enum RefusalKind
{
    /// <summary>It is about something that is not there.</summary>
    NotFound,

    /// <summary>What it says cannot be.</summary>
    BadOrder,

    /// <summary>The cluster is not in a state to take it.</summary>
    Conflict,

    /// <summary>It was previewed, and something has changed since.</summary>
    Changed,

    /// <summary>The store does not answer.</summary>
    StoreAway,
}

/// <summary>An order that is not taken. The message says why and what to do.</summary>
internal sealed class OrderRefusedException(RefusalKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public RefusalKind Kind { get; } = kind;
}
