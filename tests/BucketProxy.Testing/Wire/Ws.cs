using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace BucketProxy.Testing.Wire;

/// <summary>Websocket handshakes and frames by hand (RFC 6455).</summary>
public static class Ws
{
    /// <summary>The opcode of text.</summary>
    public const byte Text = 1;

    /// <summary>The opcode of bytes.</summary>
    public const byte Binary = 2;

    /// <summary>The opcode of a close.</summary>
    public const byte Close = 8;

    /// <summary>The opcode of a ping.</summary>
    public const byte Ping = 9;

    /// <summary>A client's handshake.</summary>
    public static string Handshake(string target) =>
        $"GET {target} HTTP/1.1\r\nHost: proxy.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

    /// <summary>The answer that accepts it.</summary>
    public static string Accept(RawRequest request)
    {
#pragma warning disable CA5350
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(request.Header("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        return $"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    }

    /// <summary>A frame.</summary>
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

    /// <summary>A frame of text.</summary>
    public static byte[] Frame(byte opcode, string payload, bool masked) => Frame(opcode, Encoding.UTF8.GetBytes(payload), masked);

    /// <summary>Reads the next frame, and takes the mask off.</summary>
    public static async Task<WsFrame> ReadFrameAsync(this RawConnection wire)
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

    /// <summary>A server that accepts every websocket and answers each frame with the same, and a close with a close.</summary>
    public static async Task EchoAsync(RawRequest request, RawConnection wire)
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
}
