using System.Globalization;
using System.Net;

namespace BucketProxy.Configuration.Values;

/// <summary>Where a port is opened. No <see cref="Address"/>: on every address, IPv4 and IPv6.</summary>
/// <param name="Address">The address, or null for all.</param>
/// <param name="Port">The port; 0 takes a free one.</param>
internal readonly record struct ListenAddress(IPAddress? Address, int Port)
{
    /// <summary>True when only this machine reaches it.</summary>
    public bool IsLoopback => Address is not null && IPAddress.IsLoopback(Address);

    public static bool TryParse(string text, out ListenAddress address)
    {
        address = default;
        var colon = text.LastIndexOf(':');
        var host = colon < 0 ? "*" : text[..colon];
        if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > IPEndPoint.MaxPort)
            return false;
        IPAddress? ip = null;
        if (host == "localhost")
            ip = IPAddress.Loopback;
        else if (host.StartsWith('[') ? !TryIPv6(host, out ip) : host != "*" && !TryIPv4(host, out ip))
            return false;
        address = new ListenAddress(ip, port);
        return true;
    }

    private static bool TryIPv6(string host, out IPAddress? ip)
    {
        ip = null;
        // One pair of brackets: with more, IPAddress takes a port too, and throws it away.
        return host.EndsWith(']') && !host[1..].Contains('[', StringComparison.Ordinal) && IPAddress.TryParse(host[1..^1], out ip)
            && ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
    }

    // As it is written again: IPAddress also takes "1" for 0.0.0.1, which nobody means, and 010 for 8.
    private static bool TryIPv4(string host, out IPAddress? ip)
    {
        ip = null;
        return IPAddress.TryParse(host, out ip) && ip.ToString() == host
            && ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;
    }

    public override string ToString() => Address switch
    {
        null => string.Create(CultureInfo.InvariantCulture, $"*:{Port}"),
        _ => new IPEndPoint(Address, Port).ToString(),
    };
}
