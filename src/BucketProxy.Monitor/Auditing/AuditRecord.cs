using System.Globalization;
using System.Text.Json;
using BucketProxy.Cluster.View;

namespace BucketProxy.Monitor.Auditing;

/// <summary>The value of <c>bucketproxy/audit/&lt;id&gt;</c>: an order, or the end of a move.</summary>
public sealed record AuditRecord
{
    /// <summary><see cref="What"/> of a move that was made.</summary>
    public const string Move = "move";

    /// <summary><see cref="What"/> of a move that was aborted.</summary>
    public const string Abort = "abort";

    /// <summary>When, by the clock of the instance that wrote it.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Who: an operator as the admin port knows him, or the leader's instance.</summary>
    public required string By { get; init; }

    /// <summary>What: <c>move</c>, <c>abort</c>, <c>drain</c>, <c>freeze</c>, …</summary>
    public required string What { get; init; }

    /// <summary>What it is about: a node, bucket, pin or proxy.</summary>
    public string? Subject { get; init; }

    /// <summary>Why.</summary>
    public string? Why { get; init; }

    /// <summary>How it was.</summary>
    public JsonElement? Before { get; init; }

    /// <summary>How it is.</summary>
    public JsonElement? After { get; init; }

    /// <summary>For moves: the bucket, two hex digits.</summary>
    public string? Bucket { get; init; }

    /// <summary>For moves: who had it.</summary>
    public string? From { get; init; }

    /// <summary>For moves: who got it, or should have.</summary>
    public string? To { get; init; }

    /// <summary>For moves: why it was to move.</summary>
    public MoveReason? Reason { get; init; }

    /// <summary>For moves: how long each phase took.</summary>
    public MovePhases? Phases { get; init; }

    /// <summary>For moves: the order it belongs to.</summary>
    public string? Order { get; init; }

    /// <summary>An id that sorts by time: 15 digits of milliseconds since 1970, then what makes it unique.</summary>
    public static string IdAt(DateTimeOffset at, string unique) =>
        at.ToUnixTimeMilliseconds().ToString("D15", CultureInfo.InvariantCulture) + "-" + unique;
}

/// <summary>How long each phase of a move took, in milliseconds, as its leader measured it (one that took over in mid-move:
/// since then).</summary>
/// <param name="Quiesce">Until every proxy was silent.</param>
/// <param name="Release">Until the old owner had saved and unloaded.</param>
/// <param name="Settle">Until the bucket opened.</param>
/// <param name="Hold">All of it: for how long requests were held at most.</param>
public sealed record MovePhases(double Quiesce, double Release, double Settle, double Hold);
