using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Gating;

/// <summary>Events 3200 to 3299.</summary>
internal static partial class Log
{
    [LoggerMessage(3200, LogLevel.Information, "The gate of {Node} is registered at revision {Revision}.")]
    public static partial void GateRegistered(ILogger logger, string node, long revision);

    [LoggerMessage(3201, LogLevel.Warning,
        "The gate of {Node} waits: another gate, or a server of its own, is registered as {Node}. It goes on once that registration has ended.")]
    public static partial void GateRefused(ILogger logger, string node);

    [LoggerMessage(3202, LogLevel.Information, "The server of {Node} was started as {Incarnation}.")]
    public static partial void ServerStarted(ILogger logger, string node, string incarnation);

    [LoggerMessage(3203, LogLevel.Error, "The server of {Node} could not be started: {Reason}.")]
    public static partial void ServerNotStarted(ILogger logger, string node, string reason);

    [LoggerMessage(3204, LogLevel.Information, "The server of {Node} answers as {Incarnation}.")]
    public static partial void ServerAnswers(ILogger logger, string node, string incarnation);

    [LoggerMessage(3205, LogLevel.Information, "The server {Incarnation} of {Node} has saved and ended.")]
    public static partial void ServerSaved(ILogger logger, string node, string incarnation);

    [LoggerMessage(3206, LogLevel.Error, "The server {Incarnation} of {Node} is gone: {Reason}.")]
    public static partial void ServerGone(ILogger logger, string node, string incarnation, string reason);

    [LoggerMessage(3207, LogLevel.Information, "Requests for {Node} go to {Incarnation}.")]
    public static partial void GateOpen(ILogger logger, string node, string incarnation);

    [LoggerMessage(3208, LogLevel.Warning, "No request goes to the server of {Node} at the moment ({Step}).")]
    public static partial void GateShut(ILogger logger, string node, ServerStep step);

    [LoggerMessage(3209, LogLevel.Error, "The lease of the gate of {Node} is about to end, or has ended: its server is killed.")]
    public static partial void ServerKilled(ILogger logger, string node);

    [LoggerMessage(3210, LogLevel.Warning, "The server of {Node} is asked to save and to end ({Why}).")]
    public static partial void ServerStopping(ILogger logger, string node, string why);

    [LoggerMessage(3211, LogLevel.Warning, "The server of {Node} did not release bucket {Bucket}: {Reason}.")]
    public static partial void NotReleased(ILogger logger, string node, string bucket, string reason);

    [LoggerMessage(3212, LogLevel.Warning, "The gate of {Node} could not write to the store; it tries again.")]
    public static partial void GateWriteFailed(ILogger logger, Exception exception, string node);

    [LoggerMessage(3215, LogLevel.Information, "The gate of {Node} goes on from the one before it, at revision {Revision}: the server is the same.")]
    public static partial void GateTakenOver(ILogger logger, string node, long revision);

    [LoggerMessage(3216, LogLevel.Warning,
        "The gate of {Node} stops. Its server lives on, as far as the gate knows: its registration stands for {TimeToLive}, and a gate that is started meanwhile goes on from it.")]
    public static partial void KeysStay(ILogger logger, string node, TimeSpan timeToLive);

    [LoggerMessage(3214, LogLevel.Error,
        "The server of {Node} has not answered for long; its registration is taken out of the store. Monitors decide about its buckets as without a gate.")]
    public static partial void ServerAway(ILogger logger, string node);

    [LoggerMessage(3213, LogLevel.Warning, "The gate of {Node} could not take its keys out of the store. They end with its lease.")]
    public static partial void CouldNotLeave(ILogger logger, Exception exception, string node);
}
