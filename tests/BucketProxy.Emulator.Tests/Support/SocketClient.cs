using System.Net.WebSockets;
using System.Text;
using BucketProxy.Emulator.Nodes;

namespace BucketProxy.Emulator.Tests.Support;

internal sealed class SocketClient : IDisposable
{
    public ClientWebSocket Socket { get; } = new();

    public static async Task<SocketClient> ConnectAsync(EmulatedNode node, string uuid)
    {
        var client = new SocketClient();
        await client.Socket.ConnectAsync(new Uri($"ws://{node.Url.Authority}/socket.io/?dtable_uuid={uuid}&EIO=4&transport=websocket"), CancellationToken.None);
        return client;
    }

    public Task SendAsync(string text) => Socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

    public async Task<string> ReceiveAsync()
    {
        var buffer = new byte[1024];
        var got = await Socket.ReceiveAsync(buffer, CancellationToken.None);
        return Encoding.UTF8.GetString(buffer, 0, got.Count);
    }

    public async Task<string> EchoAsync(string text)
    {
        await SendAsync(text);
        return await ReceiveAsync();
    }

    public void Dispose() => Socket.Dispose();
}
