using System.Net.Sockets;

namespace BucketProxy.Gateway.Hosting;

/// <summary>The server names the address of a port that is taken, and of nothing else that keeps it from listening.</summary>
public static class BindFailure
{
    /// <summary>Starts a server.</summary>
    /// <param name="address">Where it is to listen, for people.</param>
    /// <param name="start">Starts it.</param>
    /// <exception cref="IOException">The port is taken, is not for this user, or its address is none of this machine; the message names it.</exception>
    public static async Task NamedAsync(string address, Func<Task> start)
    {
        ArgumentNullException.ThrowIfNull(start);
        try
        {
            await start();
        }
        catch (SocketException e)
        {
            throw new IOException($"Failed to bind to {address}: {e.Message}", e);
        }
    }
}
