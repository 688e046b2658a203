using System.Net;
using System.Net.Sockets;

namespace BucketProxy.EtcdTesting;

/// <summary>Ports for servers that a test starts, stops and starts again.</summary>
/// <remarks>
/// They lie below the range from which the kernel takes ports for outgoing connections (32768 and up on Linux). A port of that range is taken by
/// somebody's connection while the server is down, and a connection to it may even meet itself.
/// </remarks>
public static class FreePort
{
    // What lies between its end and the kernel's range, and below it, is for the ports that config/local-cluster.sh takes in its test.
    private const int First = 13_000;
    private const int Count = 17_000;

    private static readonly HashSet<int> Given = [];

    /// <summary>A port that nobody listens on, and that this process has not been given before.</summary>
    public static int Next()
    {
        lock (Given)
        {
            for (var attempt = 0; attempt < Count; attempt++)
            {
                var port = First + Random.Shared.Next(Count);
                if (!Given.Contains(port) && IsFree(port))
                {
                    Given.Add(port);
                    return port;
                }
            }
        }
        throw new InvalidOperationException($"no free port between {First} and {First + Count - 1}");
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Any, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}
