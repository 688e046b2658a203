using System.Net;
using System.Net.Sockets;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Core.Tests.Nodes;

public sealed class NodeNetworksTests
{
    private static readonly NodeNetworks Limited = new([IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("fd00::/8")]);

    [Theory]
    [InlineData("10.1.255.255", true)]
    [InlineData("10.2.0.0", false)]
    [InlineData("::ffff:10.1.2.3", true)]
    [InlineData("::ffff:10.2.2.3", false)]
    [InlineData("fd12::1", true)]
    [InlineData("fe80::1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("127.0.0.1", false)]
    public void Allows_ByAddress(string address, bool expected) => Assert.Equal(expected, Limited.Allows(IPAddress.Parse(address)));

    [Fact]
    public void Allows_WithoutLimit_Everything() => Assert.True(NodeNetworks.Any.Allows(IPAddress.Parse("169.254.169.254")));

    [Fact]
    public async Task Connect_NameThatLeadsOutside_IsRefusedWithoutConnecting()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);

        var refused = await Assert.ThrowsAsync<SocketException>(async () => await Limited.ConnectAsync(
            socket, new DnsEndPoint("localhost", ((IPEndPoint)listener.LocalEndpoint).Port), CancellationToken.None));

        Assert.Equal(SocketError.AccessDenied, refused.SocketErrorCode);
        Assert.Contains("localhost", refused.Message, StringComparison.Ordinal);
        Assert.Contains("10.1.0.0/16", refused.Message, StringComparison.Ordinal);
        Assert.False(listener.Pending());
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    public async Task Connect_Inside_Connects(string host)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);

        await new NodeNetworks([IPNetwork.Parse("127.0.0.0/8")]).ConnectAsync(
            socket, new DnsEndPoint(host, ((IPEndPoint)listener.LocalEndpoint).Port), CancellationToken.None);

        Assert.True(socket.Connected);
    }
}
