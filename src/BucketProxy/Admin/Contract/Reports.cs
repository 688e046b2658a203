using System.Text.Json.Serialization;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;

namespace BucketProxy.Admin.Contract;

/// <summary>A dtable-server.</summary>
internal sealed record NodeReport
{
    /// <summary>The node id.</summary>
    public required string Id { get; init; }

    /// <summary>Where proxies reach it.</summary>
    [JsonPropertyName("local_node_url")]
    public string? LocalNodeUrl { get; init; }

    /// <summary>Where browsers reach it.</summary>
    [JsonPropertyName("node_url")]
    public string? NodeUrl { get; init; }

    /// <summary>When its process began, as it says itself.</summary>
    public string? StartTime { get; init; }

    /// <summary>What it is to the cluster: live, missing, suspect, dead.</summary>
    public required string Standing { get; init; }

    /// <summary>It gets no further buckets.</summary>
    public required bool Cordoned { get; init; }

    /// <summary>It gives all its buckets away.</summary>
    public required bool Draining { get; init; }

    /// <summary>Its share of the buckets, relative to the others'.</summary>
    public required double Weight { get; init; }

    /// <summary>What stands in front of it: none, unsupervised, supervised.</summary>
    public required GateKind Gate { get; init; }

    /// <summary>The run of its server, as its gate says; null: there is no gate, or it runs none.</summary>
    public string? Incarnation { get; init; }

    /// <summary>How it gives a bucket up.</summary>
    public ReleaseMode? Release { get; init; }

    /// <summary>How long its gate's last restart of it took, in seconds; null: there was none.</summary>
    public double? RestartSeconds { get; init; }

    /// <summary>What a planned move off it guarantees, how its loss is noticed, and on what both rest.</summary>
    public required string Guarantee { get; init; }

    /// <summary>Buckets it owns.</summary>
    public required int Buckets { get; init; }

    /// <summary>Pins it owns.</summary>
    public required int Pins { get; init; }

    /// <summary>Requests a second, through all proxies.</summary>
    public required double Rate { get; init; }

    /// <summary>Bytes a second, both ways.</summary>
    public required double Bytes { get; init; }

    /// <summary>Open websockets.</summary>
    public required int Sockets { get; init; }
}

/// <summary>Who owns a bucket.</summary>
/// <param name="Bucket">Two hex digits.</param>
/// <param name="Node">The owner; null: none.</param>
/// <param name="Epoch">Rises with every change of owner.</param>
/// <param name="State">open, moving or unassigned.</param>
/// <param name="Rate">Requests a second, through all proxies.</param>
/// <param name="Sockets">Open websockets.</param>
internal sealed record BucketReport(string Bucket, string? Node, long Epoch, string State, double Rate, int Sockets);

/// <summary>Who owns a base.</summary>
/// <param name="Base">Its UUID.</param>
/// <param name="Bucket">Its bucket.</param>
/// <param name="Node">The owner; null: none.</param>
/// <param name="Epoch">Rises with every change of owner.</param>
/// <param name="State">open, moving or unassigned.</param>
/// <param name="Pin">The pin that it goes by; null: its bucket.</param>
/// <param name="Url">Where its requests go.</param>
internal sealed record BaseReport(string Base, string Bucket, string? Node, long Epoch, string State, string? Pin, string? Url);

/// <summary>A move: one that stands, or one of the past.</summary>
internal sealed record MoveReport
{
    /// <summary>Two hex digits.</summary>
    public required string Bucket { get; init; }

    /// <summary>The pin that moves; null: the whole bucket.</summary>
    public string? Base { get; init; }

    /// <summary>Who loses it; null: it had no owner.</summary>
    public string? From { get; init; }

    /// <summary>Who gets it.</summary>
    public string? To { get; init; }

    /// <summary>Why: orphan, drain, pin, balance, load.</summary>
    public string? Reason { get; init; }

    /// <summary>quiesce, release or settling while it stands; then done or aborted.</summary>
    public required string Phase { get; init; }

    /// <summary>Ordered to go on without silence or release.</summary>
    public bool Forced { get; init; }

    /// <summary>When it began, or ended.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Who: the leader that carried it out.</summary>
    public string? By { get; init; }

    /// <summary>Why it was aborted, or what it waits for.</summary>
    public string? Why { get; init; }

    /// <summary>The order it belongs to.</summary>
    public string? Order { get; init; }

    /// <summary>Milliseconds by phase, once it has ended.</summary>
    public PhaseReport? Phases { get; init; }
}

/// <summary>How long each phase took, in milliseconds.</summary>
/// <param name="Quiesce">Until every proxy was silent.</param>
/// <param name="Release">Until the old owner had saved and unloaded.</param>
/// <param name="Settle">Until the bucket opened.</param>
/// <param name="Hold">All of it: for how long requests were held at most.</param>
internal sealed record PhaseReport(double Quiesce, double Release, double Settle, double Hold);

/// <summary>Moves that stand and moves of the past.</summary>
/// <param name="Standing">Those that stand.</param>
/// <param name="Past">Those that ended, the latest first.</param>
internal sealed record MovesReport(IReadOnlyList<MoveReport> Standing, IReadOnlyList<MoveReport> Past);

/// <summary>The words for states.</summary>
internal static class Words
{
    public static string Of(EntryState state) => state switch
    {
        EntryState.Open => "open",
        EntryState.Moving => "moving",
        _ => "unassigned",
    };
}

/// <summary>An order, or the end of a move.</summary>
/// <param name="At">When, by the clock of the instance that wrote it.</param>
/// <param name="By">Who: the admin port and whence, or the leading monitor.</param>
/// <param name="What">drain, weight, freeze, move, abort, …</param>
/// <param name="Subject">A node, bucket, base, proxy or plan.</param>
/// <param name="Why">Why.</param>
/// <param name="Before">How it was.</param>
/// <param name="After">How it is.</param>
internal sealed record AuditReport(
    DateTimeOffset At, string By, string What, string? Subject, string? Why, System.Text.Json.JsonElement? Before, System.Text.Json.JsonElement? After);
