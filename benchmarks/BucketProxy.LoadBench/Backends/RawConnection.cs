using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace BucketProxy.LoadBench.Backends;

/// <summary>One connection of <see cref="RawServer"/>: requests one after the other, or a websocket until it closes.</summary>
internal sealed class RawConnection(Socket socket)
{
    private const int IdleBuffer = 512;
    private const int BodyBuffer = 128 * 1024;
    private static readonly byte[] Done =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"success\":true}"u8.ToArray();

    // Small until a body comes: ten thousand idle websockets must not cost this server a gigabyte.
    private byte[] _buffer = new byte[IdleBuffer];
    private int _length;

    public async Task RunAsync()
    {
        using (socket)
        {
            try
            {
                while (await ReadHeadAsync() is { } head)
                {
                    if (ValueOf(head, "Sec-WebSocket-Key") is { } key)
                    {
                        await EchoAsync(key);
                        return;
                    }
                    await SkipBodyAsync(int.Parse(ValueOf(head, "Content-Length") ?? "0", CultureInfo.InvariantCulture));
                    await socket.SendAsync(Done);
                }
            }
            catch (SocketException)
            {
                // The proxy closed it: that is how measurements end.
            }
        }
    }

    private async ValueTask<string?> ReadHeadAsync()
    {
        while (true)
        {
            var end = _buffer.AsSpan(0, _length).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
            {
                var head = Encoding.Latin1.GetString(_buffer, 0, end + 2);
                Consume(end + 4);
                return head;
            }
            if (!await FillAsync())
                return null;
        }
    }

    private async ValueTask SkipBodyAsync(int length)
    {
        if (length == 0)
            return;
        if (_buffer.Length < BodyBuffer)
            Array.Resize(ref _buffer, BodyBuffer);
        while (length > 0)
        {
            if (_length == 0 && !await FillAsync())
                throw new SocketException((int)SocketError.ConnectionReset);
            var taken = Math.Min(length, _length);
            Consume(taken);
            length -= taken;
        }
    }

    private async Task EchoAsync(string key)
    {
        var accept = Convert.ToBase64String(SHA1Of(key));
        await socket.SendAsync(Encoding.Latin1.GetBytes(
            $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"));
        while (true)
        {
            var (head, payload) = FrameLength();
            if (payload >= 0 && _length >= head + payload)
            {
                await socket.SendAsync(Unmask(head, payload));
                if ((_buffer[0] & 0x0F) == 8)
                    return;
                Consume(head + payload);
            }
            else if (!await FillAsync())
            {
                return;
            }
        }
    }

    /// <summary>Length of the masked frame's head and payload; a payload of −1 while too little has come.</summary>
    private (int Head, int Payload) FrameLength()
    {
        if (_length < 2)
            return (0, -1);
        var length = _buffer[1] & 0x7F;
        if (length < 126)
            return (6, length);
        return _length < 4 ? (0, -1) : (8, (_buffer[2] << 8) | _buffer[3]);
    }

    /// <summary>Turns the client's frame into ours, in place: the head moves up over the mask.</summary>
    private Memory<byte> Unmask(int head, int payload)
    {
        var mask = _buffer.AsSpan(head - 4, 4);
        var data = _buffer.AsSpan(head, payload);
        if (mask.IndexOfAnyExcept((byte)0) >= 0)
        {
            for (var i = 0; i < data.Length; i++)
                data[i] ^= mask[i & 3];
        }
        _buffer.AsSpan(0, head - 4).CopyTo(_buffer.AsSpan(4));
        _buffer[5] &= 0x7F;
        return _buffer.AsMemory(4, head - 4 + payload);
    }

    private async ValueTask<bool> FillAsync()
    {
        if (_length == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        var read = await socket.ReceiveAsync(_buffer.AsMemory(_length));
        _length += read;
        return read > 0;
    }

    private void Consume(int count)
    {
        _buffer.AsSpan(count, _length - count).CopyTo(_buffer);
        _length -= count;
    }

    private static string? ValueOf(string head, string name)
    {
        var at = head.IndexOf("\r\n" + name + ":", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return null;
        at += name.Length + 3;
        return head[at..head.IndexOf("\r\n", at, StringComparison.Ordinal)].Trim();
    }

    // What RFC 6455 section 4.2.2 asks for; it protects nothing.
#pragma warning disable CA5350
    private static byte[] SHA1Of(string key) => SHA1.HashData(Encoding.Latin1.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
#pragma warning restore CA5350
}
