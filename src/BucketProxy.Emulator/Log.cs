using Microsoft.Extensions.Logging;

namespace BucketProxy.Emulator;

/// <summary>All log events of this project: 5000 to 5099.</summary>
internal static partial class Log
{
    [LoggerMessage(5000, LogLevel.Error, "{Node}: a save failed; it is tried again at the next flush.")]
    public static partial void NotSaved(ILogger logger, Exception failure, string node);

    [LoggerMessage(5010, LogLevel.Warning, "{Node}: the lease of the registration is lost; registering again as the same process.")]
    public static partial void RegistrationLost(ILogger logger, string node);

    [LoggerMessage(5011, LogLevel.Warning, "{Node}: not registered, trying again: {Reason}")]
    public static partial void NotRegistered(ILogger logger, string node, string reason);

    [LoggerMessage(5012, LogLevel.Error, "{Node}: {Pin} belongs to {Owner} now and could not be released; trying again.")]
    public static partial void NotReleased(ILogger logger, Exception failure, string node, string pin, string owner);

    [LoggerMessage(5001, LogLevel.Error, "{Node}: the storage failed for {Path}.")]
    public static partial void StorageFailed(ILogger logger, Exception failure, string node, string path);
}
