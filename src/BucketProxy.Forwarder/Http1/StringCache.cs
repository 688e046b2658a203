using System.Buffers.Binary;
using System.Text;

namespace BucketProxy.Forwarder.Http1;

/// <summary>
/// Strings for bytes that come again and again: header names, and values such as a content type or this second's date. What is not
/// known is made anew and takes the place of what had the same hash. Thread-safe: places hold immutable strings.
/// </summary>
internal sealed class StringCache(int places, int longest)
{
    private readonly string?[] _places = new string?[places];

    /// <summary>The text of Latin-1 bytes.</summary>
    public string Get(ReadOnlySpan<byte> latin1)
    {
        if (latin1.Length > longest)
            return Encoding.Latin1.GetString(latin1);
        ref var place = ref _places[Hash(latin1) & (uint)(places - 1)];
        var known = Volatile.Read(ref place);
        if (known is not null && known.Length == latin1.Length && Ascii.Equals(latin1, known))
            return known;
        var text = Encoding.Latin1.GetString(latin1);
        Volatile.Write(ref place, text);
        return text;
    }

    /// <summary>Looks at the length, both ends and the middle: quick, and enough to tell headers apart.</summary>
    private static uint Hash(ReadOnlySpan<byte> bytes)
    {
        ulong mix = (uint)bytes.Length;
        if (bytes.Length >= 8)
        {
            mix ^= BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            mix ^= ulong.RotateLeft(BinaryPrimitives.ReadUInt64LittleEndian(bytes[^8..]), 21);
            mix ^= ulong.RotateLeft(BinaryPrimitives.ReadUInt64LittleEndian(bytes[((bytes.Length - 8) / 2)..]), 42);
        }
        else
        {
            foreach (var b in bytes)
                mix = mix << 8 ^ b;
        }
        return (uint)(mix * 0x9E3779B97F4A7C15 >> 40);
    }
}
