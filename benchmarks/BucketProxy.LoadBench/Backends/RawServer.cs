using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace BucketProxy.LoadBench.Backends;

/// <summary>
/// A server that does next to nothing, on bare sockets: it reads a body to its end and answers, or echoes websocket frames. It must
/// never be what limits a measurement.
/// </summary>
internal static class RawServer
{
    public const string Command = "raw-server";

    public static async Task<int> RunAsync(IEnumerable<string> ports)
    {
        var accepting = ports.Select(port => AcceptAsync(int.Parse(port, CultureInfo.InvariantCulture))).ToArray();
        await Task.WhenAll(accepting);
        return 0;
    }

    private static async Task AcceptAsync(int port)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(4096);
        while (true)
        {
            var socket = await listener.AcceptAsync();
            socket.NoDelay = true;
            _ = new RawConnection(socket).RunAsync();
        }
    }
}
