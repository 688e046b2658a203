using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BucketProxy.LoadBench.Loads;

/// <summary>Asks a proxy for one base over and over, until a certain node answers.</summary>
internal sealed class RouteAsker : IDisposable
{
    private readonly byte[] _request;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[4096];

    public RouteAsker(int port, string id)
    {
        _request = Encoding.ASCII.GetBytes($"GET /api/v1/dtables/{id}/rows/ HTTP/1.1\r\nHost: bench\r\n\r\n");
        _socket.Connect(IPAddress.Loopback, port);
    }

    /// <summary>When the first answer by the node on that port came.</summary>
    public async Task<long> UntilAnsweredByAsync(int node)
    {
        var sign = Encoding.ASCII.GetBytes("X-Node: " + node.ToString(CultureInfo.InvariantCulture));
        while (true)
        {
            await _socket.SendAsync(_request);
            var length = 0;
            do
            {
                var read = await _socket.ReceiveAsync(_buffer.AsMemory(length));
                if (read == 0)
                    throw new InvalidDataException("A proxy closed a connection.");
                length += read;
            }
            while (!HttpAnswer.IsComplete(_buffer.AsSpan(0, length)));
            if (_buffer.AsSpan(0, length).IndexOf(sign) >= 0)
                return Stopwatch.GetTimestamp();
        }
    }

    public void Dispose() => _socket.Dispose();
}
