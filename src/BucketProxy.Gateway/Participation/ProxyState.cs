using System.Collections.Immutable;
using BucketProxy.Cluster.View;

namespace BucketProxy.Gateway.Participation;

/// <summary>What a proxy is to the cluster right now.</summary>
public enum ProxyPhase
{
    /// <summary>Not yet known to the cluster, or known but without a table read afterwards. Nothing is forwarded.</summary>
    Joining,

    /// <summary>Forwards by its table.</summary>
    Serving,

    /// <summary>Stopped everything, because the cluster may count it as silent. Nothing is forwarded.</summary>
    Fenced,
}

/// <summary>What a proxy knows about its own standing. Immutable; <see cref="ProxyParticipant"/> makes the next one.</summary>
public sealed record ProxyState
{
    /// <summary>Unique per process: a restarted proxy is another one.</summary>
    public required string Instance { get; init; }

    /// <summary>What it does when it cannot renew its lease.</summary>
    public StoreLossMode OnStoreLoss { get; init; }

    /// <summary>What it is to the cluster.</summary>
    public ProxyPhase Phase { get; init; }

    /// <summary>
    /// Store revision of its last registration (own record, or <c>alive</c> key put anew); 0: none is known to stand.
    /// A table may be served only if it was read at this revision or later.
    /// </summary>
    public long RegisteredAt { get; init; }

    /// <summary>
    /// Its lease has ended, and its <c>alive</c> key does not stand under a new one for certain: until it does, monitors see a proxy
    /// that is lost, and may count it as silent (S3). A new lease alone says nothing; only the next registration ends this.
    /// </summary>
    public bool Lapsed { get; init; }

    /// <summary>
    /// The records of this proxy's predecessors must still stand: it serves (or served) the table they left, and for moves that were
    /// begun before it was known to the cluster only their records make anybody wait for what is in flight by that table.
    /// </summary>
    public bool KeepsPredecessors { get; init; }

    /// <summary>Bucket to create-revision of the move: the silence it has to report (S2).</summary>
    public ImmutableSortedDictionary<string, long> Silent { get; init; } =
        ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);

    /// <summary>What the store has acknowledged of <see cref="Silent"/>.</summary>
    public ImmutableSortedDictionary<string, long> Reported { get; init; } =
        ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);
}
