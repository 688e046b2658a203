using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using BucketProxy.Testing;

namespace BucketProxy.Gateway.Tests.Support;

/// <summary>Websocket handshakes and frames by hand (RFC 6455).</summary>
internal static class Ws
{
    public const string Target = $"/socket.io/?dtable_uuid={GatewayUnderTest.Uuid}&EIO=4&transport=websocket";

    public const byte Text = 1;
    public const byte Binary = 2;
    public const byte Close = 8;
    public const byte Ping = 9;

    /// <summary>Clients are told of a move at once, not after a random part of a spread.</summary>
    public static readonly GatewayOptions AtOnce = new() { CloseSpread = TimeSpan.Zero };

    public static string Handshake(string target = Target) =>
        $"GET {target} HTTP/1.1\r\nHost: proxy.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

    public static string Accept(RawRequest request)
    {
#pragma warning disable CA5350
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(request.Header("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        return $"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    }

    public static byte[] Frame(byte opcode, ReadOnlySpan<byte> payload, bool masked, bool isLast = true, byte reserved = 0)
    {
        var frame = new MemoryStream();
        frame.WriteByte((byte)((isLast ? 0x80 : 0) | reserved | opcode));
        var mask = (byte)(masked ? 0x80 : 0);
        Span<byte> length = stackalloc byte[8];
        if (payload.Length < 126)
        {
            frame.WriteByte((byte)(mask | payload.Length));
        }
        else if (payload.Length <= ushort.MaxValue)
        {
            frame.WriteByte((byte)(mask | 126));
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)payload.Length);
            frame.Write(length[..2]);
        }
        else
        {
            frame.WriteByte((byte)(mask | 127));
            BinaryPrimitives.WriteUInt64BigEndian(length, (ulong)payload.Length);
            frame.Write(length);
        }
        if (!masked)
        {
            frame.Write(payload);
            return frame.ToArray();
        }
        ReadOnlySpan<byte> key = [1, 2, 3, 4];
        frame.Write(key);
        for (var i = 0; i < payload.Length; i++)
            frame.WriteByte((byte)(payload[i] ^ key[i % 4]));
        return frame.ToArray();
    }

    public static byte[] Frame(byte opcode, string payload, bool masked) => Frame(opcode, Encoding.UTF8.GetBytes(payload), masked);

    public static async Task<WsFrame> ReadFrameAsync(this WireStream wire)
    {
        var head = await wire.ReadExactlyAsync(2);
        ulong length = (ulong)(head[1] & 0x7f);
        if (length == 126)
            length = BinaryPrimitives.ReadUInt16BigEndian(await wire.ReadExactlyAsync(2));
        else if (length == 127)
            length = BinaryPrimitives.ReadUInt64BigEndian(await wire.ReadExactlyAsync(8));
        var isMasked = (head[1] & 0x80) != 0;
        var key = isMasked ? await wire.ReadExactlyAsync(4) : [];
        var payload = await wire.ReadExactlyAsync((int)length);
        for (var i = 0; isMasked && i < payload.Length; i++)
            payload[i] ^= key[i % 4];
        return new WsFrame((byte)(head[0] & 0x0f), (head[0] & 0x80) != 0, (byte)(head[0] & 0x70), isMasked, payload);
    }

    /// <summary>A node that accepts every websocket and answers each frame with the same, and a close with a close.</summary>
    public static async Task EchoAsync(RawRequest request, WireStream wire)
    {
        await wire.SendAsync(Accept(request));
        while (true)
        {
            var frame = await wire.ReadFrameAsync();
            await wire.SendAsync(Frame(frame.Opcode, frame.Payload, masked: false, frame.IsLast, frame.Reserved));
            if (frame.Opcode == Close)
                throw new EndOfStreamException();
        }
    }

    /// <summary>Shakes hands and expects the tunnel to open.</summary>
    public static async Task<RawClient> OpenAsync(GatewayUnderTest gateway, string target = Target)
    {
        var client = await gateway.ClientAsync();
        await client.SendAsync(Handshake(target));
        var response = await client.ReadResponseAsync();
        Assert.Equal(101, response.Status);
        return client;
    }

    /// <summary>The code of the close frame that comes next.</summary>
    public static async Task<int> CloseCodeAsync(RawClient client)
    {
        var frame = await client.Wire.ReadFrameAsync().Within();
        Assert.Equal(Close, frame.Opcode);
        return frame.CloseCode;
    }
}

internal sealed record WsFrame(byte Opcode, bool IsLast, byte Reserved, bool IsMasked, byte[] Payload)
{
    public string Text => Encoding.UTF8.GetString(Payload);

    public int CloseCode => BinaryPrimitives.ReadUInt16BigEndian(Payload);
}
