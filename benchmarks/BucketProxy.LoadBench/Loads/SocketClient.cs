using System.Net;
using System.Net.Sockets;

namespace BucketProxy.LoadBench.Loads;

/// <summary>Opens websockets by hand: what is measured is the proxy, not a client library.</summary>
internal static class SocketClient
{
    private const int ForEachAddress = 10_000;

    /// <exception cref="InvalidDataException">The handshake was refused.</exception>
    public static async Task<Socket> OpenAsync(int port, Guid id, IPAddress? from = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (from is not null)
                socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(IPAddress.Loopback, port);
            await socket.SendAsync(BaseRequests.Upgrade(id));
            var answer = new byte[1024];
            var length = 0;
            while (answer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
            {
                var read = length < answer.Length ? await socket.ReceiveAsync(answer.AsMemory(length)) : 0;
                if (read == 0)
                    throw new InvalidDataException("No handshake: " + System.Text.Encoding.Latin1.GetString(answer, 0, length));
                length += read;
            }
            return answer.AsSpan().StartsWith("HTTP/1.1 101"u8)
                ? socket
                : throw new InvalidDataException("No handshake: " + System.Text.Encoding.Latin1.GetString(answer, 0, length));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Opens many, a few at a time.</summary>
    public static async Task<Socket[]> OpenManyAsync(int port, int count)
    {
        const int AtOnce = 32;
        var sockets = new Socket[count];
        var bases = BaseRequests.Bases(count, seed: 13).ToArray();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (i, _) => sockets[i] = await OpenAsync(port, bases[i], From(i)));
        return sockets;
    }

    /// <summary>An address has no more than 28,000 ports for connections: beyond the first thousands another one is used.</summary>
    private static IPAddress? From(int socket) =>
        socket < ForEachAddress ? null : new IPAddress([127, 0, 0, (byte)(1 + (socket / ForEachAddress))]);
}
