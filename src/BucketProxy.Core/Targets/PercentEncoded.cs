using System.Numerics;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Text;

namespace BucketProxy.Core.Targets;

/// <summary>Reads short texts that may be percent-encoded. An encoding that is broken stands for itself.</summary>
internal static class PercentEncoded
{
    private const int LongestUuid = 36;

    /// <summary>Reads a UUID in any spelling.</summary>
    public static bool TryReadBase<TChar>(ReadOnlySpan<TChar> text, out BaseId id)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        if (!text.Contains(Ascii.Of<TChar>('%')))
            return BaseId.TryParse(text, out id);
        Span<byte> decoded = stackalloc byte[LongestUuid];
        var length = 0;
        while (!text.IsEmpty)
        {
            if (length == LongestUuid)
            {
                id = default;
                return false;
            }
            decoded[length++] = Next(ref text);
        }
        return BaseId.TryParse((ReadOnlySpan<byte>)decoded[..length], out id);
    }

    /// <summary>Whether <paramref name="text"/>, decoded, begins with <paramref name="word"/>; what follows, still encoded, is
    /// <paramref name="rest"/>.</summary>
    public static bool StartsWith<TChar>(ReadOnlySpan<TChar> text, string word, out ReadOnlySpan<TChar> rest)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        rest = text;
        foreach (var expected in word)
        {
            if (rest.IsEmpty || Next(ref rest) != expected)
                return false;
        }
        return true;
    }

    private static byte Next<TChar>(ref ReadOnlySpan<TChar> text)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        if (text[0] == Ascii.Of<TChar>('%') && text.Length >= 3)
        {
            var high = HexDigit.Value(Ascii.Char(text[1]));
            var low = HexDigit.Value(Ascii.Char(text[2]));
            if (high >= 0 && low >= 0)
            {
                text = text[3..];
                return (byte)((high << 4) | low);
            }
        }
        var plain = (byte)Ascii.Char(text[0]);
        text = text[1..];
        return plain;
    }
}
