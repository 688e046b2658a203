using System.Net;
using System.Text;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Configuration.ClusterValidators;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Destinations;

/// <summary>Refuses clusters that want what the direct forwarder does not do, when they are configured rather than request by request.</summary>
internal sealed class ClusterValidator : IClusterValidator
{
    public ValueTask ValidateAsync(ClusterConfig cluster, IList<Exception> errors)
    {
        if (cluster.HttpRequest is { } request && !MayBeHttp11(request))
        {
            Refuse(
                "HttpRequest",
                $"version {request.Version ?? HttpVersion.Version20} with the policy {request.VersionPolicy ?? HttpVersionPolicy.RequestVersionOrLower}",
                "destinations are spoken to in HTTP/1.1: allow it, by Version 1.1 or the policy RequestVersionOrLower");
        }
        if (cluster.HttpClient is { } client)
        {
            if (client.WebProxy?.Address is { } proxy)
                Refuse("HttpClient.WebProxy", proxy.ToString(), "destinations are connected to without a proxy: remove it");
            if (client.MaxConnectionsPerServer is { } most)
                Refuse("HttpClient.MaxConnectionsPerServer", $"{most}", "connections are not limited: remove it");
            if (client.EnableMultipleHttp2Connections is true)
                Refuse("HttpClient.EnableMultipleHttp2Connections", "true", "HTTP/2 is not spoken to destinations: remove it");
            if (!IsLatin1(client.RequestHeaderEncoding))
                Refuse("HttpClient.RequestHeaderEncoding", client.RequestHeaderEncoding, "headers are written in iso-8859-1: set that, or remove it");
            if (!IsLatin1(client.ResponseHeaderEncoding))
                Refuse("HttpClient.ResponseHeaderEncoding", client.ResponseHeaderEncoding, "headers are read in iso-8859-1: set that, or remove it");
        }
        if (cluster.HealthCheck?.Active?.Enabled is true)
            Refuse("HealthCheck.Active.Enabled", "true", "the client of the direct forwarder sends no probes of its own: use passive checks");
        return ValueTask.CompletedTask;

        void Refuse(string key, string? value, string why) =>
            errors.Add(new ArgumentException($"Cluster '{cluster.ClusterId}': {key} is {value}, which the direct forwarder does not do; {why}."));
    }

    private static bool MayBeHttp11(ForwarderRequestConfig request)
    {
        var version = request.Version ?? HttpVersion.Version20;
        return (request.VersionPolicy ?? HttpVersionPolicy.RequestVersionOrLower) switch
        {
            HttpVersionPolicy.RequestVersionOrLower => version >= HttpVersion.Version11,
            HttpVersionPolicy.RequestVersionOrHigher => version <= HttpVersion.Version11,
            _ => version == HttpVersion.Version11,
        };
    }

    private static bool IsLatin1(string? encoding)
    {
        try
        {
            return encoding is null || Encoding.GetEncoding(encoding).CodePage == Encoding.Latin1.CodePage;
        }
        catch (ArgumentException)
        {
            // YARP says of it that there is no such encoding.
            return true;
        }
    }
}
