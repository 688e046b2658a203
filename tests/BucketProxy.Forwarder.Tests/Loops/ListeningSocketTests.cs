using System.Net;
using System.Net.Sockets;
using BucketProxy.Forwarder.Loops;
using BucketProxy.Forwarder.Tests.Support;

namespace BucketProxy.Forwarder.Tests.Loops;

public sealed class ListeningSocketTests
{
    [Fact]
    public void Close_EveryCallFromThenOn_SaysSo()
    {
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        bound.Listen();
        var socket = new ListeningSocket(EventLoop.Next(), ListeningSocket.Duplicate(bound));
        socket.Watch();

        socket.Close();

        Assert.True(socket.IsClosed);
        Assert.Throws<ObjectDisposedException>(() => socket.TryAccept(out _));
        Assert.False(socket.TryAwait(new CountingWaiter()));
    }
}
