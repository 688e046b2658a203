using System.Buffers.Binary;
using System.Numerics;

namespace BucketProxy.Cluster.Durability;

/// <summary>CRC-32C, bytes after bytes.</summary>
internal struct Crc32C()
{
    private uint _crc = uint.MaxValue;

    /// <summary>The checksum of what was added.</summary>
    public readonly uint Value => ~_crc;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..])
            _crc = BitOperations.Crc32C(_crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes)
            _crc = BitOperations.Crc32C(_crc, b);
    }

    public void Add(long number) => _crc = BitOperations.Crc32C(_crc, (ulong)number);
}
