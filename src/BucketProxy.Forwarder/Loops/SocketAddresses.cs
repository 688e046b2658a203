using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace BucketProxy.Forwarder.Loops;

/// <summary>Addresses as Linux writes them (struct sockaddr_in, sockaddr_in6).</summary>
internal static class SocketAddresses
{
    public const int Longest = 28;
    private const int Short = 16;

    /// <summary>An IPv4 address in IPv6 spelling becomes what it is. Null: it is no internet address.</summary>
    public static IPEndPoint? Read(ReadOnlySpan<byte> address)
    {
        if (address.Length < Short)
            return null;
        var port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        switch (MemoryMarshal.Read<ushort>(address))
        {
            case Libc.InterNetwork:
                return new IPEndPoint(new IPAddress(address.Slice(4, 4)), port);
            case Libc.InterNetworkV6 when address.Length >= Longest:
                var bytes = address.Slice(8, 16);
                return bytes[..12].SequenceEqual(Mapped)
                    ? new IPEndPoint(new IPAddress(bytes[12..]), port)
                    : new IPEndPoint(new IPAddress(bytes, MemoryMarshal.Read<uint>(address[24..])), port);
            default:
                return null;
        }
    }

    /// <summary>Returns how long it is.</summary>
    public static int Write(IPAddress address, int port, Span<byte> into)
    {
        into.Clear();
        var isLong = address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        MemoryMarshal.Write(into, (ushort)(isLong ? Libc.InterNetworkV6 : Libc.InterNetwork));
        BinaryPrimitives.WriteUInt16BigEndian(into[2..], (ushort)port);
        address.TryWriteBytes(into[(isLong ? 8 : 4)..], out _);
        if (isLong)
            MemoryMarshal.Write(into[24..], (uint)address.ScopeId);
        return isLong ? Longest : Short;
    }

    private static ReadOnlySpan<byte> Mapped => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
}
