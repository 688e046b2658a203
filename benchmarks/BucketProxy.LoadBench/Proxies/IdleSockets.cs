using System.Net.Sockets;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>Websockets that are open beside a load.</summary>
internal sealed class IdleSockets(Socket[] sockets) : IAsyncDisposable
{
    public ValueTask DisposeAsync()
    {
        foreach (var socket in sockets)
            socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
