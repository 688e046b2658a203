using System.Buffers.Binary;

namespace BucketProxy.Cluster.Durability;

/// <summary>
/// The content of a file, checked: magic number (4 bytes), length of the payload (4), zero (8), CRC-32C over the latter two
/// and the payload (4), payload. All little-endian.
/// </summary>
internal static class Frame
{
    private const uint Magic = 0x31465042; // "BPF1"
    private const int HeaderLength = 20;

    /// <summary>A frame as bytes.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> payload)
    {
        var frame = new byte[HeaderLength + payload.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), payload.Length);
        payload.CopyTo(frame.AsSpan(HeaderLength));
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(16), Checksum(frame));
        return frame;
    }

    /// <summary>Reads the frame at the beginning of <paramref name="bytes"/>; false: there is no whole and right one.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        var span = bytes.Span;
        if (span.Length < HeaderLength || BinaryPrimitives.ReadUInt32LittleEndian(span) != Magic)
            return false;
        var length = BinaryPrimitives.ReadInt32LittleEndian(span[4..]);
        if (length < 0 || length > span.Length - HeaderLength)
            return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(span[16..]) != Checksum(span[..(HeaderLength + length)]))
            return false;
        payload = bytes.Slice(HeaderLength, length);
        return true;
    }

    private static uint Checksum(ReadOnlySpan<byte> frame)
    {
        var crc = new Crc32C();
        crc.Add(frame[4..16]);
        crc.Add(frame[HeaderLength..]);
        return crc.Value;
    }
}
