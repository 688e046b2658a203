using System.Net;
using System.Net.Sockets;

namespace BucketProxy.Demo;

/// <summary>The demonstration must run on a machine where the usual ports are in use.</summary>
internal static class FreePort
{
    /// <summary>The port if it is free, else 0: any.</summary>
    public static int OrAny(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return port;
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    /// <summary>A port that is free now, for a program that has to be told its port.</summary>
    public static int Next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
