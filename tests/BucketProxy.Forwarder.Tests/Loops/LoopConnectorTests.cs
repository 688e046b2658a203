using System.Net;
using System.Net.Sockets;
using BucketProxy.Forwarder.Loops;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Loops;

public sealed class LoopConnectorTests
{
    private static readonly IPAddress Other = IPAddress.Parse("127.0.0.2");

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    public async Task Connect_SomebodyListens_BytesGoBothWays(string text)
    {
        var address = IPAddress.Parse(text);
        using var listener = new TcpListener(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var socket = await LoopConnector.ConnectAsync([address], port, CancellationToken.None).AsTask().Within();
        using var pair = new LoopPair(socket, await listener.AcceptSocketAsync().Within());

        Assert.Equal(2, pair.Ours.TrySend("ab"u8));
        Assert.Equal(2, await pair.Peer.ReceiveAsync(new byte[10]).Within());
        await pair.Peer.SendAsync("cd"u8.ToArray());
        Assert.Equal("cd"u8.ToArray(), await pair.ReceiveAsync(2));
    }

    [Fact]
    public async Task Connect_NobodyListens_Refused()
    {
        var e = await Assert.ThrowsAsync<SocketException>(
            () => LoopConnector.ConnectAsync([Other, IPAddress.Loopback], FreePort(), CancellationToken.None).AsTask().Within());

        Assert.Equal(SocketError.ConnectionRefused, e.SocketErrorCode);
    }

    [Fact]
    public async Task Connect_FirstAddressRefuses_TheSecondIsUsed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var socket = await LoopConnector.ConnectAsync([Other, IPAddress.Loopback], port, CancellationToken.None).AsTask().Within();

        using var pair = new LoopPair(socket, await listener.AcceptSocketAsync().Within());
        Assert.Equal(1, pair.Ours.TrySend("a"u8));
    }

    [Fact]
    public async Task Connect_NoAddress_Throws() =>
        await Assert.ThrowsAsync<SocketException>(() => LoopConnector.ConnectAsync([], 1, CancellationToken.None).AsTask());

    [Fact]
    public async Task Connect_CancelledWhileNobodyAnswers_Ends()
    {
        // Whose queue is full does not answer.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        using var cancel = new CancellationTokenSource();
        var connects = Enumerable.Range(0, 6).Select(_ => LoopConnector.ConnectAsync([IPAddress.Loopback], port, cancel.Token).AsTask()).ToArray();
        await connects[0].Within();

        await cancel.CancelAsync();
        await Task.WhenAll(connects).ContinueWith(_ => { }, TaskScheduler.Default).Within();

        Assert.All(connects, c => Assert.True(c.IsCompletedSuccessfully || c.IsCanceled));
        Assert.Contains(connects, c => c.IsCanceled);
        foreach (var connect in connects.Where(c => c.IsCompletedSuccessfully))
            (await connect).Close();
    }

    [Fact]
    public async Task Connect_CancelledBefore_Ends()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => LoopConnector.ConnectAsync(
            [IPAddress.Loopback], ((IPEndPoint)listener.LocalEndpoint).Port, new CancellationToken(canceled: true)).AsTask().Within());
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
