namespace BucketProxy.Admin;

/// <summary>Events 5050 to 5059.</summary>
internal static partial class Log
{
    [LoggerMessage(5050, LogLevel.Error, "The dashboard's feed failed; it begins again.")]
    public static partial void FeedFailed(ILogger logger, Exception exception);
}
