using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Support;

/// <summary>Websockets through the gateway.</summary>
internal static class SocketIo
{
    public const string Target = $"/socket.io/?dtable_uuid={GatewayUnderTest.Uuid}&EIO=4&transport=websocket";

    /// <summary>Clients are told of a move at once, not after a random part of a spread.</summary>
    public static readonly GatewayOptions AtOnce = new() { CloseSpread = TimeSpan.Zero };

    /// <summary>Shakes hands and expects the tunnel to open.</summary>
    public static async Task<RawClient> OpenAsync(GatewayUnderTest gateway, string target = Target)
    {
        var client = await gateway.ClientAsync();
        await client.SendAsync(Ws.Handshake(target));
        var response = await client.ReadResponseAsync();
        Assert.Equal(101, response.Status);
        return client;
    }

    /// <summary>The code of the close frame that comes next.</summary>
    public static async Task<int> CloseCodeAsync(RawClient client)
    {
        var frame = await client.Wire.ReadFrameAsync().Within();
        Assert.Equal(Ws.Close, frame.Opcode);
        return frame.CloseCode;
    }
}
