using Microsoft.Extensions.Logging;

namespace BucketProxy.Supervision.Logging;

/// <summary>Everything that this project logs. Event ids 1800 to 1899.</summary>
internal static partial class Log
{
    [LoggerMessage(1800, LogLevel.Information, "{Program} runs as process {Process}, below fuse {Fuse}.")]
    public static partial void Started(ILogger logger, string program, int process, int fuse);

    [LoggerMessage(1801, LogLevel.Information, "Process {Process} and all that it started have ended: {Reason}.")]
    public static partial void Ended(ILogger logger, int process, string reason);

    [LoggerMessage(1802, LogLevel.Warning, "The fuse {Fuse} of process {Process} does not read its orders. The deadline is not moved, so the program ends at the one that stands.")]
    public static partial void OrderNotTaken(ILogger logger, int fuse, int process);

    [LoggerMessage(1803, LogLevel.Error, "The fuse {Fuse} of process {Process} is dead. The program is killed at once.")]
    public static partial void FuseDied(ILogger logger, int fuse, int process);

    [LoggerMessage(1804, LogLevel.Error, "The fuse {Fuse} of process {Process} did not kill in time. Both are killed from here.")]
    public static partial void FuseLate(ILogger logger, int fuse, int process);

    [LoggerMessage(1805, LogLevel.Error, "What is left of process {Process} cannot be looked for; this is tried again.")]
    public static partial void CannotLook(ILogger logger, int process, Exception exception);
}
