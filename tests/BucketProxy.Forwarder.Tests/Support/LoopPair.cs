using System.Net;
using System.Net.Sockets;
using BucketProxy.Forwarder.Loops;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Support;

/// <summary>A connection over the loopback: a socket of a loop, and its peer.</summary>
internal sealed class LoopPair(LoopSocket ours, Socket peer) : IDisposable
{
    public LoopSocket Ours => ours;

    public Socket Peer => peer;

    /// <param name="peerBuffer">How much the peer's kernel takes before the peer reads; 0 for the usual.</param>
    public static async Task<LoopPair> ConnectAsync(int peerBuffer = 0)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        if (peerBuffer > 0)
            listener.ReceiveBufferSize = peerBuffer;
        listener.Listen();
        var connecting = LoopConnector.ConnectAsync([IPAddress.Loopback], ((IPEndPoint)listener.LocalEndPoint!).Port, CancellationToken.None).AsTask();
        var peer = await listener.AcceptAsync();
        peer.NoDelay = true;
        return new LoopPair(await connecting, peer);
    }

    /// <summary>The peer closes with a reset.</summary>
    public void Reset()
    {
        peer.LingerState = new LingerOption(true, 0);
        peer.Close();
    }

    /// <summary>Waits until there is something to receive.</summary>
    public async Task ReadableAsync()
    {
        var waiter = new CountingWaiter();
        if (ours.TryAwaitReadable(waiter))
            await waiter.Executed.Within();
    }

    /// <summary>Receives until so many bytes are there, or the end.</summary>
    public async Task<byte[]> ReceiveAsync(int count)
    {
        var all = new byte[count];
        var have = 0;
        while (have < count)
        {
            var received = ours.TryReceive(all.AsSpan(have));
            if (received == 0)
                return all[..have];
            if (received == LoopSocket.NotNow)
                await ReadableAsync();
            else
                have += received;
        }
        return all;
    }

    public void Dispose()
    {
        ours.Close();
        peer.Dispose();
        IoWatchdog.ThrowIfBlocked();
    }
}
