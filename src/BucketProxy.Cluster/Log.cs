using Microsoft.Extensions.Logging;

namespace BucketProxy.Cluster;

/// <summary>Everything that this project logs. Event ids 2000 to 2999.</summary>
internal static partial class Log
{
    [LoggerMessage(2000, LogLevel.Warning, "The log of the store in {Directory} ends in the middle of a transaction, as after a crash. It was never acknowledged and is cut off.")]
    public static partial void TornTail(ILogger logger, string directory);

    [LoggerMessage(2001, LogLevel.Error, "The store in {Directory} cannot be written: {Reason}")]
    public static partial void WriteFailed(ILogger logger, string directory, string reason);

    [LoggerMessage(2002, LogLevel.Critical, "The writer of the store in {Directory} failed. It goes on from what was acknowledged.")]
    public static partial void WriterFailed(ILogger logger, string directory, Exception exception);

    [LoggerMessage(2003, LogLevel.Warning, "The log of the store in {Directory} grows: {Reason}.")]
    public static partial void CheckpointWaits(ILogger logger, string directory, string reason);

    [LoggerMessage(2010, LogLevel.Error, "The last good table cannot be written to {Directory}: {Reason} Until it can, this proxy reports no silence, so planned moves wait for it.")]
    public static partial void TableNotWritten(ILogger logger, string directory, string reason);

    [LoggerMessage(2011, LogLevel.Warning, "The table in {Directory} is not used: {Reason}. Without the store this proxy cannot serve.")]
    public static partial void TableNotRead(ILogger logger, string directory, string reason);

    [LoggerMessage(2100, LogLevel.Warning, "Store {Store} cannot be followed: {Reason} The last view stays in force; it is tried again.")]
    public static partial void StoreLost(ILogger logger, string store, string reason);

    [LoggerMessage(2101, LogLevel.Warning, "The watch on store {Store} was silently dead: a read at revision {Revision} found what it had not delivered. It is opened anew.")]
    public static partial void WatchWedged(ILogger logger, string store, long revision);

    [LoggerMessage(2102, LogLevel.Error, "Store {Store} is not adopted: {Reason}. The last view stays in force until an operator accepts the store (POST /api/store/accept).")]
    public static partial void StoreNotAdopted(ILogger logger, string store, string reason);

    [LoggerMessage(2103, LogLevel.Warning, "Store {Store} is adopted at revision {Revision}, as an operator accepted it.")]
    public static partial void StoreAdopted(ILogger logger, string store, long revision);

    [LoggerMessage(2104, LogLevel.Warning, "Key {Key} (revision {Revision}) is not used: {Reason}. The last good value stays in force.")]
    public static partial void ValueProblem(ILogger logger, string key, long revision, string reason);

    [LoggerMessage(2120, LogLevel.Warning, "No server {Key} was ever registered, but (revision {Revision}) {Reason}. Requests for these bases wait until it is.")]
    public static partial void UnknownOwner(ILogger logger, string key, long revision, string reason);

    [LoggerMessage(2105, LogLevel.Warning, "Key {Key} cannot be read: {Reason}")]
    public static partial void AcceptanceUnreadable(ILogger logger, string key, string reason);

    [LoggerMessage(2106, LogLevel.Critical, "The mirror of store {Store} met a defect. The last view stays in force; it is tried again.")]
    public static partial void MirrorFailed(ILogger logger, string store, Exception exception);

    [LoggerMessage(2107, LogLevel.Information, "Store {Store} is followed again.")]
    public static partial void StoreFollowed(ILogger logger, string store);
}
