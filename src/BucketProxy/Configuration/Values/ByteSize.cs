using System.Globalization;

namespace BucketProxy.Configuration.Values;

/// <summary>A number of bytes. Units are powers of 1024, as in nginx: 100MB is 104857600 bytes.</summary>
internal readonly record struct ByteSize(long Bytes) : IComparable<ByteSize>, IComparable
{
    private static readonly (string Unit, long Size)[] Units =
        [("GB", 1L << 30), ("MB", 1L << 20), ("KB", 1L << 10), ("B", 1)];

    public static ByteSize Megabytes(long count) => new(count << 20);

    public static ByteSize Kilobytes(long count) => new(count << 10);

    public static bool TryParse(string text, out ByteSize size)
    {
        size = default;
        foreach (var (unit, length) in Units)
        {
            if (!text.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
                continue;
            if (!long.TryParse(text.AsSpan(0, text.Length - unit.Length).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || number > long.MaxValue / length)
                return false;
            size = new ByteSize(number * length);
            return true;
        }
        return false;
    }

    public override string ToString()
    {
        foreach (var (unit, length) in Units)
        {
            if (Bytes >= length && Bytes % length == 0)
                return string.Create(CultureInfo.InvariantCulture, $"{Bytes / length}{unit}");
        }
        return "0B";
    }

    public int CompareTo(ByteSize other) => Bytes.CompareTo(other.Bytes);

    public int CompareTo(object? obj) => obj is ByteSize other ? CompareTo(other) : 1;

    public static bool operator <(ByteSize left, ByteSize right) => left.Bytes < right.Bytes;

    public static bool operator >(ByteSize left, ByteSize right) => left.Bytes > right.Bytes;

    public static bool operator <=(ByteSize left, ByteSize right) => left.Bytes <= right.Bytes;

    public static bool operator >=(ByteSize left, ByteSize right) => left.Bytes >= right.Bytes;
}
