using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace BucketProxy.Core.Bases;

/// <summary>
/// One of the 256 buckets: the first two hex characters of a base's UUID, <c>00</c> to <c>ff</c>.
/// Every value of this type is a valid bucket.
/// </summary>
public readonly record struct Bucket(byte Index) : IComparable<Bucket>
{
    /// <summary>How many buckets there are: always 256.</summary>
    public const int Count = 256;

    /// <summary>All buckets in rising order.</summary>
    public static IEnumerable<Bucket> All => Enumerable.Range(0, Count).Select(i => new Bucket((byte)i));

    /// <summary>Reads exactly two hex digits, in either case.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Bucket bucket)
    {
        bucket = default;
        if (text.Length != 2 || !char.IsAsciiHexDigit(text[0]) || !char.IsAsciiHexDigit(text[1]))
            return false;
        bucket = new Bucket(byte.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        return true;
    }

    /// <summary>Two lower-case hex digits, as in the key <c>assign-0f</c>.</summary>
    public override string ToString() => Names[Index];

    /// <inheritdoc/>
    public int CompareTo(Bucket other) => Index.CompareTo(other.Index);

    private static readonly string[] Names =
        [.. Enumerable.Range(0, Count).Select(i => i.ToString("x2", CultureInfo.InvariantCulture))];

    [SuppressMessage("Usage", "CA2225", Justification = "Comparison is by CompareTo; operators follow it.")]
    public static bool operator <(Bucket left, Bucket right) => left.Index < right.Index;

    public static bool operator >(Bucket left, Bucket right) => left.Index > right.Index;

    public static bool operator <=(Bucket left, Bucket right) => left.Index <= right.Index;

    public static bool operator >=(Bucket left, Bucket right) => left.Index >= right.Index;
}
