using BucketProxy.Core.Bases;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Logging;

/// <summary>Every line that the data plane logs. There is none per request.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Information, "Data port open on {Addresses}")]
    public static partial void Started(ILogger logger, string addresses);

    [LoggerMessage(1002, LogLevel.Information, "Draining: {Held} held requests answered, {Tunnels} tunnels closing, {Requests} requests in flight")]
    public static partial void Draining(ILogger logger, int held, int tunnels, int requests);

    [LoggerMessage(1003, LogLevel.Warning, "Drain limit of {Limit} is over: {Requests} requests in flight and {Tunnels} tunnels are cut")]
    public static partial void DrainCut(ILogger logger, TimeSpan limit, int requests, int tunnels);

    [LoggerMessage(1004, LogLevel.Information, "Data port closed")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(1005, LogLevel.Error, "A request for base {BaseId} failed inside the proxy")]
    public static partial void RequestFailed(ILogger logger, Exception exception, BaseId baseId);

    [LoggerMessage(1006, LogLevel.Warning, "Everything in flight was cut: {Requests} requests, {Tunnels} tunnels")]
    public static partial void Cut(ILogger logger, int requests, int tunnels);

    [LoggerMessage(1007, LogLevel.Information, "Certificate {File} was renewed; the new one is good until {NotAfter:u}")]
    public static partial void CertificateRenewed(ILogger logger, string file, DateTime notAfter);

    [LoggerMessage(1009, LogLevel.Error, "Something that was to be told of a connection's end failed")]
    public static partial void EndNotTaken(ILogger logger, Exception exception);

    [LoggerMessage(1008, LogLevel.Warning, "Certificate {File} was changed and cannot be used; the old one stays")]
    public static partial void CertificateNotRenewed(ILogger logger, Exception exception, string file);
}
