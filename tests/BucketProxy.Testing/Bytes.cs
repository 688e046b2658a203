namespace BucketProxy.Testing;

/// <summary>A stream of bytes of which each says where it stands: what is lost, doubled or out of order shows.</summary>
public static class Bytes
{
    /// <summary>The byte at a place.</summary>
    public static byte At(long place) => (byte)(place ^ (place >> 8) * 31 ^ (place >> 16) * 131);

    /// <summary>So many bytes from a place on.</summary>
    public static byte[] From(long place, int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
            bytes[i] = At(place + i);
        return bytes;
    }

    /// <summary>Fails where <paramref name="bytes"/> are not those that stand at <paramref name="place"/>.</summary>
    /// <exception cref="InvalidDataException">The message names the first that is wrong.</exception>
    public static void Check(ReadOnlySpan<byte> bytes, long place)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != At(place + i))
                throw new InvalidDataException($"The byte at {place + i} is {bytes[i]}, not {At(place + i)}.");
        }
    }
}
