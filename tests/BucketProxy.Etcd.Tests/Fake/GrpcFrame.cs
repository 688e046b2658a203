using System.Buffers.Binary;
using Google.Protobuf;

namespace BucketProxy.Etcd.Tests.Fake;

/// <summary>gRPC's framing: one byte "compressed", four bytes length, the message
/// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).</summary>
internal static class GrpcFrame
{
    private const int HeaderBytes = 5;

    public static byte[] Encode(IMessage message)
    {
        var size = message.CalculateSize();
        var frame = new byte[HeaderBytes + size];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), size);
        message.WriteTo(frame.AsSpan(HeaderBytes));
        return frame;
    }

    /// <summary>The next message's bytes; null at the end of the stream.</summary>
    /// <exception cref="InvalidDataException">Half a frame, a compressed one, or one that is too large.</exception>
    public static async ValueTask<byte[]?> ReadAsync(Stream stream, int maxBytes, CancellationToken cancel)
    {
        var header = new byte[HeaderBytes];
        var got = await stream.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        if (got == 0)
            return null;
        if (got < HeaderBytes)
            throw new InvalidDataException("the answer ended within a frame's header");
        if (header[0] != 0)
            throw new InvalidDataException("the answer holds a compressed message, which was not asked for");
        var size = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(1));
        if (size > maxBytes)
            throw new InvalidDataException($"the answer holds a message of {size} bytes; at most {maxBytes} are taken");
        var message = new byte[size];
        got = await stream.ReadAtLeastAsync(message, message.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        return got == message.Length ? message : throw new InvalidDataException($"the answer ended after {got} of a message's {size} bytes");
    }
}
