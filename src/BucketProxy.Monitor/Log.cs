using Microsoft.Extensions.Logging;

namespace BucketProxy.Monitor;

/// <summary>Events 4000 to 4999.</summary>
internal static partial class Log
{
    [LoggerMessage(4000, LogLevel.Information, "{Instance} leads, by revision {Revision}.")]
    public static partial void Elected(ILogger logger, string instance, long revision);

    [LoggerMessage(4001, LogLevel.Warning, "{Instance} no longer leads: {Why}.")]
    public static partial void Deposed(ILogger logger, string instance, string why);

    [LoggerMessage(4002, LogLevel.Warning, "The store did not answer {Instance}'s campaign: {Reason}")]
    public static partial void CampaignFailed(ILogger logger, string instance, string reason);

    [LoggerMessage(4010, LogLevel.Information, "{What}")]
    public static partial void Written(ILogger logger, string what);

    [LoggerMessage(4011, LogLevel.Debug, "Not applied, because something changed meanwhile: {What}")]
    public static partial void Overtaken(ILogger logger, string what);

    [LoggerMessage(4014, LogLevel.Debug, "Report written: {Applied}.")]
    public static partial void Reported(ILogger logger, bool applied);

    [LoggerMessage(4012, LogLevel.Warning, "The store did not confirm, it is read again: {What}: {Reason}")]
    public static partial void Unconfirmed(ILogger logger, string what, string reason);

    [LoggerMessage(4013, LogLevel.Error, "The store refuses: {What}: {Reason}")]
    public static partial void Rejected(ILogger logger, string what, string reason);

    [LoggerMessage(4020, LogLevel.Information, "{Node} released bucket {Bucket} at epoch {Epoch}.")]
    public static partial void Released(ILogger logger, string node, string bucket, long epoch);

    [LoggerMessage(4021, LogLevel.Warning, "{Node} did not release bucket {Bucket}: {Failure}")]
    public static partial void NotReleased(ILogger logger, string node, string bucket, string failure);

    [LoggerMessage(4022, LogLevel.Information, "{Node} was restarted.")]
    public static partial void Restarted(ILogger logger, string node);

    [LoggerMessage(4023, LogLevel.Warning, "{Node} was not restarted: {Failure}")]
    public static partial void NotRestarted(ILogger logger, string node, string failure);

    [LoggerMessage(4030, LogLevel.Warning, "Alarm {Alarm}: {Message} What to do: {WhatToDo}")]
    public static partial void AlarmRaised(ILogger logger, string alarm, string message, string whatToDo);

    [LoggerMessage(4031, LogLevel.Information, "Alarm {Alarm} is over.")]
    public static partial void AlarmOver(ILogger logger, string alarm);

    [LoggerMessage(4040, LogLevel.Information, "{Count} audit records older than {Days} days removed.")]
    public static partial void AuditPruned(ILogger logger, int count, double days);

    [LoggerMessage(4041, LogLevel.Warning, "Old audit records could not be removed: {Reason}")]
    public static partial void AuditNotPruned(ILogger logger, string reason);

    [LoggerMessage(4050, LogLevel.Critical, "The monitor failed and starts anew.")]
    public static partial void Failed(ILogger logger, Exception failure);
}
