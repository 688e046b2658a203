using System.Globalization;
using BucketProxy.Core.Text;

namespace BucketProxy.Core.Bases;

/// <summary>
/// The UUID of a base. Two spellings of one UUID (dashed or not, upper or lower case) are the same <see cref="BaseId"/>.
/// </summary>
public readonly record struct BaseId(UInt128 Value) : IComparable<BaseId>
{
    private const int Digits = 32;
    private const int DashedLength = 36;

    /// <summary>The bucket: the first two hex digits.</summary>
    public Bucket Bucket => new((byte)(Value >> 120));

    /// <summary>
    /// Reads a UUID of 32 hex digits, or dashed as 8-4-4-4-12, in any case.
    /// </summary>
    /// <typeparam name="TChar"><see cref="char"/> or <see cref="byte"/> (ASCII).</typeparam>
    public static bool TryParse<TChar>(ReadOnlySpan<TChar> text, out BaseId id)
        where TChar : unmanaged, System.Numerics.IBinaryInteger<TChar>
    {
        id = default;
        var dashed = text.Length == DashedLength;
        if (!dashed && text.Length != Digits)
            return false;
        ulong high = 0, low = 0;
        var digit = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = Ascii.Char(text[i]);
            if (dashed && i is (8 or 13 or 18 or 23))
            {
                if (c != '-')
                    return false;
                continue;
            }
            var nibble = HexDigit.Value(c);
            if (nibble < 0)
                return false;
            if (digit++ < 16)
                high = (high << 4) | (uint)nibble;
            else
                low = (low << 4) | (uint)nibble;
        }
        id = new BaseId(new UInt128(high, low));
        return true;
    }

    /// <inheritdoc cref="TryParse{TChar}(ReadOnlySpan{TChar}, out BaseId)"/>
    public static bool TryParse(string? text, out BaseId id) => TryParse(text.AsSpan(), out id);

    /// <summary>Reads a UUID.</summary>
    /// <exception cref="FormatException">The text is no UUID.</exception>
    public static BaseId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is no UUID.");

    /// <inheritdoc/>
    public int CompareTo(BaseId other) => Value.CompareTo(other.Value);

    /// <summary>The canonical form: dashed, lower case.</summary>
    public override string ToString()
    {
        var hex = Value.ToString("x32", CultureInfo.InvariantCulture);
        return string.Create(DashedLength, hex, static (span, h) =>
        {
            var from = 0;
            for (var i = 0; i < span.Length; i++)
                span[i] = i is 8 or 13 or 18 or 23 ? '-' : h[from++];
        });
    }

    public static bool operator <(BaseId left, BaseId right) => left.Value < right.Value;

    public static bool operator >(BaseId left, BaseId right) => left.Value > right.Value;

    public static bool operator <=(BaseId left, BaseId right) => left.Value <= right.Value;

    public static bool operator >=(BaseId left, BaseId right) => left.Value >= right.Value;
}
