using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Logging;

/// <summary>Every line that this library logs. There is none for each request but at the level for debugging.</summary>
internal static partial class Log
{
    /// <summary>The category of all of them.</summary>
    public const string Category = "BucketProxy.Forwarder";

    [LoggerMessage(6001, LogLevel.Error, "Something that was to be told of a connection's end failed")]
    public static partial void EndNotTaken(ILogger logger, Exception exception);

    [LoggerMessage(6002, LogLevel.Debug, "A request was not forwarded to its end: {Error}")]
    public static partial void NotForwarded(ILogger logger, ForwarderError error, Exception? exception);

    [LoggerMessage(6003, LogLevel.Warning, "The port was closed before everybody was accepted who had connected; their connections are reset")]
    public static partial void NotAllAccepted(ILogger logger, Exception exception);
}
