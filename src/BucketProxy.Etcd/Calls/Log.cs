using BucketProxy.Etcd.Errors;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Etcd.Calls;

/// <summary>Everything this library logs. Event ids 1900 to 1999.</summary>
internal static partial class Log
{
    [LoggerMessage(1900, LogLevel.Debug, "etcd {Call} at {Endpoint} failed ({Status}: {Detail}); trying again elsewhere")]
    public static partial void Retrying(this ILogger log, string call, EtcdEndpoint endpoint, EtcdStatusCode status, string detail);

    [LoggerMessage(1901, LogLevel.Information, "etcd token of user {User} renewed at {Endpoint}")]
    public static partial void TokenRenewed(this ILogger log, string user, EtcdEndpoint endpoint);

    [LoggerMessage(1902, LogLevel.Warning, "etcd at {Endpoint} has authentication switched off; user {User} is not used")]
    public static partial void AuthenticationOff(this ILogger log, EtcdEndpoint endpoint, string user);

    [LoggerMessage(1910, LogLevel.Information, "etcd watch of {Range} open at {Endpoint} from revision {Revision}")]
    public static partial void WatchOpen(this ILogger log, Kv.KeyRange range, EtcdEndpoint endpoint, long revision);

    [LoggerMessage(1911, LogLevel.Warning, "etcd watch of {Range} ended at {Endpoint} ({Status}: {Detail}); going on at the next endpoint from revision {Revision}")]
    public static partial void WatchInterrupted(this ILogger log, Kv.KeyRange range, EtcdEndpoint? endpoint, EtcdStatusCode status, string detail, long revision);
}
