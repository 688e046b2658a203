using System.Globalization;

namespace BucketProxy.Import.Splits;

/// <summary>Addresses of servers, as proxies write them.</summary>
internal static class ServerUrl
{
    /// <summary>The URL of <c>host</c>, <c>host:port</c>, <c>[::1]:port</c>.</summary>
    /// <returns>Null: it is none of them.</returns>
    public static string? Of(string scheme, string address, int defaultPort)
    {
        var port = defaultPort;
        var host = address;
        var colon = address.LastIndexOf(':');
        if (colon > address.LastIndexOf(']'))
        {
            host = address[..colon];
            if (!int.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is 0 or > 65535)
                return null;
        }
        if (Uri.CheckHostName(host.Trim('[', ']')) == UriHostNameType.Unknown || (host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[')))
            return null;
        return string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host.ToLowerInvariant()}:{port}");
    }
}
