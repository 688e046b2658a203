using System.Buffers.Text;

namespace BucketProxy.LoadBench.Loads;

/// <summary>As much of an HTTP/1.1 answer as a load generator must understand.</summary>
internal static class HttpAnswer
{
    /// <summary>Whether <paramref name="received"/> holds the whole answer.</summary>
    /// <exception cref="InvalidDataException">It is no success, or has no length.</exception>
    public static bool IsComplete(ReadOnlySpan<byte> received)
    {
        return WholeLength(received) is >= 0 and var length && received.Length >= length;
    }

    /// <summary>Length of head and body together; −1 while the head is not there.</summary>
    /// <exception cref="InvalidDataException">It is no success, or has no length.</exception>
    public static long WholeLength(ReadOnlySpan<byte> received)
    {
        var end = received.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return -1;
        if (!received.StartsWith("HTTP/1.1 200"u8))
            throw new InvalidDataException("Not a 200: " + System.Text.Encoding.Latin1.GetString(received[..Math.Min(end, 200)]));
        return end + 4 + LengthIn(received[..end]);
    }

    private static int LengthIn(ReadOnlySpan<byte> head)
    {
        while (head.IndexOf((byte)'\n') is >= 0 and var line)
        {
            head = head[(line + 1)..];
            if (head.Length > 16 && System.Text.Ascii.EqualsIgnoreCase(head[..15], "Content-Length:"u8)
                && Utf8Parser.TryParse(head[15..].TrimStart((byte)' '), out int length, out _))
            {
                return length;
            }
        }
        throw new InvalidDataException("An answer without a length.");
    }
}
