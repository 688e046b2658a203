using System.Globalization;
using System.Net;

namespace BucketProxy.Forwarder.Transforms;

/// <summary>The client's address as headers name it: plain IPv4 where it is one. Written without making a string of it.</summary>
internal static class ClientAddress
{
    private const string Unknown = "unknown";

    /// <summary>Writes it into <paramref name="text"/>, which has room for 64.</summary>
    public static int Format(IPAddress? address, Span<char> text)
    {
        if (address is null)
        {
            Unknown.CopyTo(text);
            return Unknown.Length;
        }
        if (!address.IsIPv4MappedToIPv6)
            return address.TryFormat(text, out var written) ? written : 0;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return text.TryWrite(CultureInfo.InvariantCulture, $"{bytes[12]}.{bytes[13]}.{bytes[14]}.{bytes[15]}", out var length) ? length : 0;
    }
}
