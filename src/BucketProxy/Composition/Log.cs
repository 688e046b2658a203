namespace BucketProxy.Composition;

/// <summary>Events 5000 to 5099.</summary>
internal static partial class Log
{
    [LoggerMessage(5000, LogLevel.Warning, "The list of earlier processes in {Directory} could not be cut; the next process will look for them again.")]
    public static partial void PredecessorsKept(ILogger logger, Exception exception, string directory);

    [LoggerMessage(5001, LogLevel.Warning, "The service manager that NOTIFY_SOCKET names could not be told how this process is.")]
    public static partial void ServiceManagerAway(ILogger logger, Exception exception);
}
