using System.Globalization;

namespace BucketProxy.Import.Splits;

/// <summary>A way to write a UUID, digit by digit.</summary>
internal sealed record UuidForm(bool HasDashes = true, bool IsUpper = false, bool IsEncoded = false)
{
    public const int Digits = 32;

    /// <summary>As SeaTable's programs write it.</summary>
    public static UuidForm Usual { get; } = new();

    /// <summary>What stands for a digit, with the dash in front of it.</summary>
    /// <param name="place">Which digit, from 0.</param>
    /// <param name="digit">0 to 15.</param>
    /// <param name="isDecoded">Where percent-encoding has been undone.</param>
    public string Write(int place, int digit, bool isDecoded)
    {
        var text = digit.ToString(IsUpper ? "X" : "x", CultureInfo.InvariantCulture);
        if (IsEncoded && !isDecoded && place == 0)
            text = "%" + ((int)text[0]).ToString("X2", CultureInfo.InvariantCulture);
        return HasDashes && place is (8 or 12 or 16 or 20) ? "-" + text : text;
    }

    /// <summary>A whole one.</summary>
    public string Write(IReadOnlyList<int> digits) =>
        string.Concat(Enumerable.Range(0, Digits).Select(i => Write(i, i < digits.Count ? digits[i] : 0, isDecoded: false)));
}
