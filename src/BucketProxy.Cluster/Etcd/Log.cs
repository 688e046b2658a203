using BucketProxy.Etcd;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Cluster.Etcd;

/// <summary>Events 2300 to 2399.</summary>
internal static partial class Log
{
    [LoggerMessage(2300, LogLevel.Warning, "Key 0x{Key} (revision {Revision}) is no UTF-8 text: it cannot be SeaTable's or ours, and is left out.")]
    public static partial void KeyIsNoText(ILogger logger, string key, long revision);

    [LoggerMessage(2301, LogLevel.Error, "etcd {Endpoint} is version {Version}, which can damage what it stores: {Bugs}. Upgrade it.")]
    public static partial void DataBugs(ILogger logger, EtcdEndpoint endpoint, string version, string bugs);

    [LoggerMessage(2302, LogLevel.Warning, "etcd {Endpoint} is version {Version}, which has faults that no client can guard against: {Bugs}.")]
    public static partial void BehaviourBugs(ILogger logger, EtcdEndpoint endpoint, string version, string bugs);

    [LoggerMessage(2303, LogLevel.Information, "etcd {Endpoint} is version {Version}, with faults that are guarded against here: {Bugs}.")]
    public static partial void GuardedBugs(ILogger logger, EtcdEndpoint endpoint, string version, string bugs);

    [LoggerMessage(2304, LogLevel.Debug, "etcd {Endpoint} did not tell its version: {Reason}")]
    public static partial void VersionUnknown(ILogger logger, EtcdEndpoint endpoint, string reason);
}
