using BucketProxy.Supervision.Native;
using BucketProxy.Supervision.Protocol;

namespace BucketProxy.Supervision.Watching;

/// <summary>How it came that no process of a program is left.</summary>
/// <param name="Status">How the program itself ended; null if nobody could read it.</param>
/// <param name="Cause">Why the last of its processes ended.</param>
/// <param name="WasStopped">It had been asked to.</param>
internal sealed record Ending(ExitStatus? Status, Cause Cause, bool WasStopped)
{
    /// <summary>Something had to be killed that was to end by itself.</summary>
    public bool WasKilled => Cause is not (Cause.Itself or Cause.LeftBehind);

    /// <inheritdoc/>
    public override string ToString()
    {
        var end = Status switch
        {
            { Code: { } code } => $"with exit code {code}",
            { Signal: { } signal } => $"by signal {signal}",
            _ => "in a way that nobody saw",
        };
        return Cause switch
        {
            Cause.Itself => $"it ended {(WasStopped ? "as asked" : "by itself")} {end}",
            Cause.LeftBehind => $"it ended by itself {end}, and what it left behind was killed (a supervised program stays in the foreground)",
            Cause.Deadline => $"killed, because its deadline passed; the program ended {end}",
            Cause.FuseGone => $"killed, because its fuse died; the program ended {end}",
            _ => $"killed as ordered; the program ended {end}",
        };
    }
}
