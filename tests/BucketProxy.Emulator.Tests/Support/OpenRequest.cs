using System.Net;
using System.Net.Sockets;
using System.Text;
using BucketProxy.Emulator.Nodes;

namespace BucketProxy.Emulator.Tests.Support;

/// <summary>A request that runs in a node until it is told to end: the answer to its first piece is here, its last piece is not sent. (HttpClient sends a whole body before it reads an answer.)</summary>
internal sealed class OpenRequest : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly StringBuilder _answer = new();

    public string Answer => _answer.ToString();

    public static async Task<OpenRequest> BeginAsync(EmulatedNode node, string uuid)
    {
        var open = new OpenRequest();
        await open._socket.ConnectAsync(IPAddress.Loopback, node.Url.Port);
        await open.SendAsync($"POST /api/v1/dtables/{uuid}/debug/pipe HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n");
        await open.ReceiveUntilAsync("begun");
        return open;
    }

    /// <summary>Sends the last piece and waits for the end of the answer.</summary>
    /// <exception cref="SocketException">The node cut the connection.</exception>
    public async Task EndAsync()
    {
        await SendAsync("5\r\nended\r\n0\r\n\r\n");
        await ReceiveUntilAsync("ended");
    }

    /// <exception cref="SocketException">The node cut the connection.</exception>
    public async Task ReceiveUntilAsync(string text)
    {
        var buffer = new byte[4096];
        while (!Answer.Contains(text, StringComparison.Ordinal))
        {
            var got = await _socket.ReceiveAsync(buffer);
            Assert.NotEqual(0, got);
            _answer.Append(Encoding.Latin1.GetString(buffer, 0, got));
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task SendAsync(string text) => await _socket.SendAsync(Encoding.Latin1.GetBytes(text));
}
