using System.Buffers.Binary;
using System.Numerics;

namespace BucketProxy.Cluster.Durability;

/// <summary>
/// A checked piece of a file: magic number (4 bytes), length of the payload (4), sequence number (8), CRC-32C over the
/// latter two and the payload (4), payload. All little-endian.
/// </summary>
internal static class Frame
{
    private const uint Magic = 0x31465042; // "BPF1"

    public const int HeaderLength = 20;

    /// <summary>A frame as bytes.</summary>
    public static byte[] Encode(ulong sequence, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[HeaderLength + payload.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), payload.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(8), sequence);
        payload.CopyTo(frame.AsSpan(HeaderLength));
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(16), Checksum(frame));
        return frame;
    }

    /// <summary>Reads the frame at the beginning of <paramref name="bytes"/>; false: there is no whole and right one.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, out ulong sequence, out ReadOnlyMemory<byte> payload)
    {
        sequence = 0;
        payload = default;
        var span = bytes.Span;
        if (span.Length < HeaderLength || BinaryPrimitives.ReadUInt32LittleEndian(span) != Magic)
            return false;
        var length = BinaryPrimitives.ReadInt32LittleEndian(span[4..]);
        if (length < 0 || length > span.Length - HeaderLength)
            return false;
        var frame = span[..(HeaderLength + length)];
        if (BinaryPrimitives.ReadUInt32LittleEndian(span[16..]) != Checksum(frame))
            return false;
        sequence = BinaryPrimitives.ReadUInt64LittleEndian(span[8..]);
        payload = bytes.Slice(HeaderLength, length);
        return true;
    }

    /// <summary>Offset of the first whole and right frame in <paramref name="bytes"/>, wherever it begins; −1: there is none.</summary>
    public static int Find(ReadOnlyMemory<byte> bytes)
    {
        Span<byte> magic = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(magic, Magic);
        for (var from = 0; from < bytes.Length; from++)
        {
            var at = bytes.Span[from..].IndexOf(magic);
            if (at < 0)
                return -1;
            from += at;
            if (TryDecode(bytes[from..], out _, out _))
                return from;
        }
        return -1;
    }

    private static uint Checksum(ReadOnlySpan<byte> frame)
    {
        var crc = uint.MaxValue;
        foreach (var b in frame[4..16])
            crc = BitOperations.Crc32C(crc, b);
        var rest = frame[HeaderLength..];
        for (; rest.Length >= 8; rest = rest[8..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(rest));
        foreach (var b in rest)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
