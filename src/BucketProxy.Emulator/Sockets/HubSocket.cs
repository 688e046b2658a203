using System.Net.WebSockets;
using BucketProxy.Emulator.Bases;

namespace BucketProxy.Emulator.Sockets;

/// <summary>One client's websocket. Sends are in turn: a websocket takes one at a time.</summary>
internal sealed class HubSocket(BaseKey key, WebSocket socket)
{
    public BaseKey Key { get; } = key;

    public WebSocket Socket { get; } = socket;

    public TaskCompletionSource Left { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SemaphoreSlim Sending { get; } = new(1, 1);

    public async Task SendAsync(byte[] content, WebSocketMessageType type, CancellationToken cancel)
    {
        await Sending.WaitAsync(cancel);
        try
        {
            // Another member may be on its way out; that is its affair, not the sender's.
            if (Socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await Socket.SendAsync(content, type, endOfMessage: true, cancel);
        }
        finally
        {
            Sending.Release();
        }
    }

    /// <summary>Says goodbye; a client that does not answer in time is cut.</summary>
    public async Task CloseAsync(WebSocketCloseStatus status, TimeSpan timeout, TimeProvider time)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        try
        {
            await SayGoodbyeAsync(status, deadline.Token);
            await Left.Task.WaitAsync(deadline.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            Socket.Abort();
        }
    }

    /// <summary>The close frame alone: ours to begin with, or the answer to the client's.</summary>
    public async Task SayGoodbyeAsync(WebSocketCloseStatus status, CancellationToken cancel)
    {
        await Sending.WaitAsync(cancel);
        try
        {
            if (Socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await Socket.CloseOutputAsync(status, "", cancel);
        }
        finally
        {
            Sending.Release();
        }
    }
}
