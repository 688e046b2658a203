using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace BucketProxy.Forwarder.Transport;

/// <summary>
/// The server's sockets on event loops of ours (<see cref="Loops.EventLoop"/>) instead of the runtime's: no receive that finds nothing, no
/// copy of a connection's bytes in queues of their own, and a request's client and destination on one thread.
/// </summary>
internal sealed class LoopTransportFactory(ConnectionSettings settings) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private const int Backlog = 4096;

    /// <summary>Others, such as Unix sockets, are left to the server's own.</summary>
    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    /// <exception cref="NotSupportedException">It is no internet address.</exception>
    /// <exception cref="AddressInUseException">The port is taken.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (endpoint is not IPEndPoint)
            throw new NotSupportedException($"{endpoint} is no internet address.");
        try
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            socket.Listen(Backlog);
            return ValueTask.FromResult<IConnectionListener>(new LoopListener(socket, settings));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(e.Message, e);
        }
    }
}
