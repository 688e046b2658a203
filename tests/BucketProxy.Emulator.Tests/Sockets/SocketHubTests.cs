using System.Net.WebSockets;
using BucketProxy.Emulator.Tests.Support;

namespace BucketProxy.Emulator.Tests.Sockets;

public sealed class SocketHubTests : NodeTests
{
    [Fact]
    public async Task Send_Text_ComesBack()
    {
        var node = await Nodes.StartAsync("n1");
        using var client = await SocketClient.ConnectAsync(node, NodeFixture.Base);

        Assert.Equal("hello", await client.EchoAsync("hello"));
    }

    [Fact]
    public async Task Send_ToAll_ReachesTheSocketsOfTheBaseOnly()
    {
        var node = await Nodes.StartAsync("n1");
        using var one = await SocketClient.ConnectAsync(node, NodeFixture.Base);
        using var two = await SocketClient.ConnectAsync(node, NodeFixture.Base);
        using var foreign = await SocketClient.ConnectAsync(node, NodeFixture.OtherBase);

        await one.SendAsync("all:news");

        Assert.Equal("all:news", await one.ReceiveAsync());
        Assert.Equal("all:news", await two.ReceiveAsync());
        // Had it been sent there, it would come first.
        Assert.Equal("mine", await foreign.EchoAsync("mine"));
    }

    [Fact]
    public async Task Stop_ClosesSocketsWith1012()
    {
        var node = await Nodes.StartAsync("n1");
        using var client = await SocketClient.ConnectAsync(node, NodeFixture.Base);

        var stop = node.StopAsync();
        Assert.Equal("", await client.ReceiveAsync());
        await client.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        await stop;

        Assert.Equal((WebSocketCloseStatus)1012, client.Socket.CloseStatus);
    }

    [Fact]
    public async Task Abort_CutsSockets()
    {
        var node = await Nodes.StartAsync("n1");
        using var client = await SocketClient.ConnectAsync(node, NodeFixture.Base);
        var receiving = client.ReceiveAsync();

        await node.AbortAsync();

        await Assert.ThrowsAsync<WebSocketException>(() => receiving);
    }

    [Fact]
    public async Task Open_LoadsTheBaseAndCountsAsASocket()
    {
        var node = await Nodes.StartAsync("n1");
        using var client = await SocketClient.ConnectAsync(node, NodeFixture.Base);
        await client.EchoAsync("x");

        Assert.Equal([NodeFixture.Base], node.LoadedBases);
        var (_, info) = await Nodes.SendAsync(node, "GET", "/api/v1/admin/sys-info/");
        Assert.Equal(1, (int)info!["web_socket_count"]!);
    }

    [Theory]
    [InlineData("/socket.io/?EIO=4&transport=polling&dtable_uuid=" + NodeFixture.Base)]
    [InlineData("/socket.io/?EIO=4&transport=polling")]
    [InlineData("/socket.io?dtable_uuid=nonsense")]
    public async Task Open_WithoutWebsocketOrBase_Answers400(string target)
    {
        var node = await Nodes.StartAsync("n1");

        Assert.Equal(400, (await Nodes.SendAsync(node, "GET", target)).Status);
    }
}
