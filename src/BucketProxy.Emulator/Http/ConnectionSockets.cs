using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Emulator.Http;

/// <summary>The open TCP connections of a node, so that a crash can reset them as a killed process's kernel does.</summary>
internal sealed class ConnectionSockets
{
    private readonly ConcurrentDictionary<Socket, byte> _open = new();

    public ConnectionDelegate Track(ConnectionDelegate next) => async connection =>
    {
        var socket = connection.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
        _open.TryAdd(socket, 0);
        try
        {
            await next(connection);
        }
        finally
        {
            _open.TryRemove(socket, out _);
        }
    };

    public void ResetAll()
    {
        foreach (var socket in _open.Keys)
            Reset(socket);
    }

    /// <summary>Linger 0: the peer gets RST, not an orderly end.</summary>
    public static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
            socket.Close();
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // Its peer was faster: already closed.
        }
    }
}
