using BucketProxy.Admin.Contract;

namespace BucketProxy.Admin.Live;

/// <summary>Something that happened, before it has its time and place in the history.</summary>
/// <param name="Kind">What sort of thing.</param>
/// <param name="Level">good, info, warning or bad.</param>
/// <param name="Subject">Whom it is about.</param>
/// <param name="Text">In words.</param>
internal sealed record Happening(string Kind, string Level, string? Subject, string Text)
{
    public const string Owner = "owner";
    public const string Aborted = "aborted";

    private string? Bucket { get; init; }

    private string? Base { get; init; }

    private string? From { get; init; }

    private string? To { get; init; }

    private long? Epoch { get; init; }

    private string? Reason { get; init; }

    /// <summary>A bucket or a pin changed its owner.</summary>
    public static Happening OwnerChange(string bucket, string? pin, string? from, string? to, long? epoch, string? reason) =>
        new(Owner, to is null ? "bad" : reason is "orphan" ? "warning" : "info", pin ?? bucket, $"{pin ?? bucket}: {from ?? "nobody"} → {to ?? "nobody"}")
        {
            Bucket = bucket,
            Base = pin,
            From = from,
            To = to,
            Epoch = epoch,
            Reason = reason,
        };

    /// <summary>A move was given up.</summary>
    public static Happening MoveAborted(string bucket, string? pin, string? from, string? to, string? reason, string? why) =>
        new(Aborted, "warning", pin ?? bucket, $"The move of {pin ?? bucket} to {to} was aborted{(why is null ? "" : $": {why}")}; {from ?? "nobody"} keeps it.")
        {
            Bucket = bucket,
            Base = pin,
            From = from,
            To = to,
            Reason = reason,
        };

    /// <summary>A move of the audit records.</summary>
    public static Happening Past(MoveReport move) => move.Phase == "done"
        ? OwnerChange(move.Bucket, move.Base, move.From, move.To, null, move.Reason)
        : MoveAborted(move.Bucket, move.Base, move.From, move.To, move.Reason, move.Why);

    public HistoryEntry ToEntry(long id, DateTimeOffset at) => new()
    {
        Id = id,
        At = at,
        Kind = Kind,
        Level = Level,
        Subject = Subject,
        Text = Text,
        Bucket = Bucket,
        Base = Base,
        From = From,
        To = To,
        Epoch = Epoch,
        Reason = Reason,
    };
}
