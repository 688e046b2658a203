using System.Text.Json;
using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Auditing;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>What is kept of a move that has come to its end.</summary>
internal static class MoveAudit
{
    public static AuditRecord Of(Turn turn, MoveRecord move, MoveWatch watch, string what, string? why)
    {
        var inPhase = turn.Now - watch.Since;
        var quiesced = watch.Phase == MovePhase.Quiesce ? inPhase : watch.Quiesced;
        var released = watch.Phase == MovePhase.Release && watch.Release != ReleaseStep.Done ? inPhase : watch.Released;
        return new AuditRecord
        {
            At = turn.Input.Clock,
            By = turn.Options.Instance,
            What = what,
            Subject = move.Pin?.ToString() ?? move.Bucket.ToString(),
            Why = why,
            Bucket = move.Bucket.ToString(),
            From = move.From,
            To = move.To,
            Reason = move.Reason,
            Before = JsonSerializer.SerializeToElement(move.From),
            After = JsonSerializer.SerializeToElement(what == AuditRecord.Abort ? move.From : move.To),
            Order = move.Order,
            Phases = new MovePhases(
                quiesced.TotalMilliseconds,
                released.TotalMilliseconds,
                watch.Phase == MovePhase.Settling ? inPhase.TotalMilliseconds : 0,
                (turn.Now - watch.FirstSeen).TotalMilliseconds),
        };
    }

    public static string Name(MoveReason reason) => JsonNamingPolicy.CamelCase.ConvertName(reason.ToString());
}
