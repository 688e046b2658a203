using System.Globalization;

namespace BucketProxy.Core.Bases;

/// <summary>
/// What a pin names: one base by its whole UUID (32 hex digits), or the bases whose UUID begins with 8 to 31 given
/// hex digits. Fewer than 8 digits are refused: such a pin would be a placement, not an exception from one.
/// </summary>
public readonly record struct BasePrefix : IComparable<BasePrefix>
{
    /// <summary>The fewest digits a pin may have.</summary>
    public const int MinDigits = 8;

    /// <summary>The digits of a whole UUID.</summary>
    public const int MaxDigits = 32;

    private BasePrefix(UInt128 value, int digits)
    {
        Value = value;
        Digits = digits;
    }

    /// <summary>The digits, left-aligned in 128 bits; the bits behind them are zero.</summary>
    public UInt128 Value { get; }

    /// <summary>How many hex digits are given, 8 to 32. (0 in <c>default</c>, which covers nothing.)</summary>
    public int Digits { get; }

    /// <summary>True when it names one base.</summary>
    public bool IsWhole => Digits == MaxDigits;

    /// <summary>The bucket that every base under this prefix is in.</summary>
    public Bucket Bucket => new((byte)(Value >> 120));

    /// <summary>The first 32 bits: what a look-up indexes by.</summary>
    public uint Head => (uint)(Value >> 96);

    /// <summary>The prefix that names exactly <paramref name="id"/>.</summary>
    public static BasePrefix Of(BaseId id) => new(id.Value, MaxDigits);

    /// <summary>Whether <paramref name="id"/> begins with these digits.</summary>
    public bool Covers(BaseId id) =>
        Digits >= MinDigits && (id.Value >> Shift) == (Value >> Shift);

    /// <summary>Whether every base under <paramref name="other"/> is also under this prefix.</summary>
    public bool Covers(BasePrefix other) =>
        Digits >= MinDigits && other.Digits >= Digits && (other.Value >> Shift) == (Value >> Shift);

    private int Shift => 128 - 4 * Digits;

    /// <summary>Reads 8 to 32 hex digits in any case; dashes are allowed where a UUID has them.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out BasePrefix prefix)
    {
        prefix = default;
        UInt128 value = 0;
        var digits = 0;
        var dashed = text.Length > 8 && text[8] == '-';
        for (var i = 0; i < text.Length; i++)
        {
            if (dashed && i is (8 or 13 or 18 or 23))
            {
                if (text[i] != '-')
                    return false;
                continue;
            }
            var nibble = HexDigit.Value(text[i]);
            if (nibble < 0 || digits == MaxDigits)
                return false;
            value = (value << 4) | (uint)nibble;
            digits++;
        }
        if (digits < MinDigits)
            return false;
        prefix = new BasePrefix(value << (128 - 4 * digits), digits);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(BasePrefix other)
    {
        var byValue = Value.CompareTo(other.Value);
        return byValue != 0 ? byValue : Digits.CompareTo(other.Digits);
    }

    /// <summary>The dashed UUID in lower case when whole, else the bare digits in lower case.</summary>
    public override string ToString() => IsWhole
        ? new BaseId(Value).ToString()
        : Value.ToString("x32", CultureInfo.InvariantCulture)[..Digits];

    public static bool operator <(BasePrefix left, BasePrefix right) => left.CompareTo(right) < 0;

    public static bool operator >(BasePrefix left, BasePrefix right) => left.CompareTo(right) > 0;

    public static bool operator <=(BasePrefix left, BasePrefix right) => left.CompareTo(right) <= 0;

    public static bool operator >=(BasePrefix left, BasePrefix right) => left.CompareTo(right) >= 0;
}
