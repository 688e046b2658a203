using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Participation;

/// <summary>Events 3100 to 3199.</summary>
internal static partial class Log
{
    [LoggerMessage(3100, LogLevel.Information, "Proxy {Instance} is registered at revision {Revision}.")]
    public static partial void Registered(ILogger logger, string instance, long revision);

    [LoggerMessage(3101, LogLevel.Information, "Proxy {Instance} serves the table of revision {Revision}.")]
    public static partial void Serving(ILogger logger, string instance, long revision);

    [LoggerMessage(3102, LogLevel.Error,
        "Proxy {Instance} stopped everything: its lease is about to end, or an operator told the cluster to forget it. It serves again once it has registered anew.")]
    public static partial void Fenced(ILogger logger, string instance);

    [LoggerMessage(3103, LogLevel.Warning, "The record of {Instance} could not be written: {Reason}. It is tried again; planned moves wait for it.")]
    public static partial void ProxyWriteFailed(ILogger logger, string instance, string reason);

    [LoggerMessage(3105, LogLevel.Debug, "Proxy {Instance} could not publish its load.")]
    public static partial void LoadNotPublished(ILogger logger, Exception exception, string instance);

    [LoggerMessage(3106, LogLevel.Information, "Proxy {Instance} has left the cluster.")]
    public static partial void Left(ILogger logger, string instance);

    [LoggerMessage(3107, LogLevel.Warning,
        "Proxy {Instance} could not take its record out of the store. Planned moves wait until its successor with the same state directory starts, or until it is forgotten by an operator.")]
    public static partial void CouldNotLeave(ILogger logger, Exception exception, string instance);
}
