using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>What a node is to the cluster right now.</summary>
internal enum NodeStanding
{
    /// <summary>Registered.</summary>
    Live,

    /// <summary>Not registered, and not yet known whether it answers, or its grace is not over.</summary>
    Missing,

    /// <summary>Not registered, but it answers: it keeps its buckets, for it holds them in memory.</summary>
    Suspect,

    /// <summary>Not registered, does not answer, its grace is over; or dead by its gate's word (G8). Its buckets are orphans.</summary>
    Dead,
}

/// <summary>One node, with all that is known about it.</summary>
internal sealed record NodeCard
{
    public required string Id { get; init; }

    public required NodeStanding Standing { get; init; }

    public NodeRecord? Record { get; init; }

    public KnownNode? Known { get; init; }

    public NodeOptions? Configured { get; init; }

    public NodePolicy? Policy { get; init; }

    /// <summary>Its gate, while the gate's key stands.</summary>
    public GateRecord? Gate { get; init; }

    /// <summary>What a gate vouches for of the process that may hold its buckets: the one that is registered, else the last one on record.</summary>
    public GateKind GateKind => GateProof.KindOf(Record, Known);

    /// <summary>Whether it is reached through a gate, which says in a planned move when a bucket may go (G3).</summary>
    public bool IsGated => GateKind != GateKind.None;

    /// <summary>Whether that process is dead for certain, by its gate (G8).</summary>
    public bool IsProvenDead { get; init; }

    public ReleaseTerms Terms => ReleaseTerms.Of(Id, Policy, Configured, Record, Known, Gate);

    public ReleaseMode Release => Terms.Mode;

    /// <summary>Why it cannot give this up in a planned move; null: it can.</summary>
    public string? WhyKept(BasePrefix? pin) => Terms.WhyKept(pin);

    public bool Draining => Policy is { Draining: true };

    public bool Forced => Policy is { Draining: true, ForceDrain: true };

    public double Weight => Policy?.Weight is { } wished and > 0 and <= 100 ? wished : Configured?.Weight ?? 1;

    public string? LocalUrl => Record?.LocalUrlText ?? Known?.LocalUrl ?? Configured?.LocalNodeUrl;

    /// <summary>Whether bases that are pinned to it may come.</summary>
    public bool MayTakePins { get; init; }

    /// <summary>Whether it may get buckets that it does not have.</summary>
    public bool Eligible => MayTakePins && Policy is not { Cordoned: true };

    public bool MayTake(BasePrefix? pin) => pin is null ? Eligible : MayTakePins;

    /// <summary>Why it may not, for people.</summary>
    public string WhyNot => this switch
    {
        { Standing: not NodeStanding.Live, Record: not null } => $"the server of {Id} has exited",
        { Standing: not NodeStanding.Live } => $"{Id} is not registered",
        { Policy.Draining: true } => $"{Id} is being drained",
        { Policy.Cordoned: true } => $"{Id} is cordoned",
        _ => GateProof.WhyClosed(Record, Gate) ?? $"{Id} does not answer, or is not ready",
    };

    /// <summary>The process that holds its memory, as far as it is known (S9).</summary>
    public UncleanProcess ProcessLosing(BasePrefix? pin) => Record is { } record
        ? new UncleanProcess(Id, record.StartTime, record.LocalUrlText, record.CreateRevision, pin?.ToString())
        : new UncleanProcess(Id, Known?.StartTime, Known?.LocalUrl ?? "", Known?.CreateRevision ?? 0, pin?.ToString());
}

/// <summary>All nodes that are registered, own something or are configured.</summary>
internal sealed class NodeBoard
{
    private readonly SortedDictionary<string, NodeCard> _cards = new(StringComparer.Ordinal);

    public IReadOnlyCollection<NodeCard> All => _cards.Values;

    public void Add(NodeCard card) => _cards[card.Id] = card;

    public NodeCard? Find(string? id) => id is not null && _cards.TryGetValue(id, out var card) ? card : null;

    public NodeStanding Standing(string? id) => Find(id)?.Standing ?? NodeStanding.Dead;
}
