using System.Text.Json.Serialization;
using BucketProxy.Core.Bases;

namespace BucketProxy.Cluster.View;

/// <summary>How far a move is. It is in the store before it is acted on.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MovePhase>))]
public enum MovePhase
{
    /// <summary>Proxies hold new requests and wait for silence.</summary>
    [JsonStringEnumMemberName("quiesce")]
    Quiesce,

    /// <summary>Every proxy is silent; the old owner saves and unloads.</summary>
    [JsonStringEnumMemberName("release")]
    Release,

    /// <summary>The new owner is granted; requests stay held until it had time to see so.</summary>
    [JsonStringEnumMemberName("settling")]
    Settling,
}

/// <summary>Why a bucket or pin moves.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MoveReason>))]
public enum MoveReason
{
    /// <summary>It has no living owner.</summary>
    [JsonStringEnumMemberName("orphan")]
    Orphan,

    /// <summary>Its owner is being drained.</summary>
    [JsonStringEnumMemberName("drain")]
    Drain,

    /// <summary>A pin names another owner.</summary>
    [JsonStringEnumMemberName("pin")]
    Pin,

    /// <summary>A rebalance order, or automatic rebalancing, evens out counts.</summary>
    [JsonStringEnumMemberName("balance")]
    Balance,

    /// <summary>A rebalance order, or automatic rebalancing, evens out measured load.</summary>
    [JsonStringEnumMemberName("load")]
    Load,
}

/// <summary>A move that stands: the value of <c>bucketproxy/moves/xx</c>.</summary>
public sealed record MoveRecord
{
    /// <summary>The bucket.</summary>
    [JsonIgnore]
    public Bucket Bucket { get; init; }

    /// <summary>The pin that moves; null when the whole bucket does.</summary>
    [JsonIgnore]
    public BasePrefix? Pin { get; init; }

    /// <summary><see cref="Pin"/> as text.</summary>
    [JsonPropertyName("base")]
    public string? Base { get; init; }

    /// <summary>The owner that loses it; null for an orphan that never had one.</summary>
    public string? From { get; init; }

    /// <summary>The node that gets it.</summary>
    public required string To { get; init; }

    /// <summary>The epoch that <see cref="From"/> holds it at (0: it has no owner).</summary>
    public long Epoch { get; init; }

    /// <summary>How far it is.</summary>
    public required MovePhase Phase { get; init; }

    /// <summary>Why it moves.</summary>
    public MoveReason Reason { get; init; }

    /// <summary>True: an operator ordered it to go on without silence or release where they cannot be had.</summary>
    public bool Forced { get; init; }

    /// <summary>When it was started, by the leader's clock. For people only; no decision rests on it.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>How long it settles, in seconds, as whoever granted it decided (G9); null: as the old owner's release mode says.</summary>
    public double? SettleSeconds { get; init; }

    /// <summary>Which order it belongs to, or null.</summary>
    public string? Order { get; init; }

    /// <summary>Create-revision of the key: names this very move in silence reports.</summary>
    [JsonIgnore]
    public long CreateRevision { get; init; }

    /// <summary>Mod-revision of the key.</summary>
    [JsonIgnore]
    public long ModRevision { get; init; }
}
