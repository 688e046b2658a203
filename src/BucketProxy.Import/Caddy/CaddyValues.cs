using System.Globalization;

namespace BucketProxy.Import.Caddy;

/// <summary>Caddy's sizes.</summary>
internal static class CaddyValues
{
    private static readonly (string Unit, decimal Bytes)[] Units =
    [
        ("kib", 1L << 10), ("mib", 1L << 20), ("gib", 1L << 30), ("ki", 1L << 10), ("mi", 1L << 20), ("gi", 1L << 30),
        ("kb", 1_000), ("mb", 1_000_000), ("gb", 1_000_000_000), ("k", 1_000), ("m", 1_000_000), ("g", 1_000_000_000), ("b", 1), ("", 1),
    ];

    /// <summary>Bytes of <c>100MB</c> (10⁶ each), <c>100MiB</c> (2²⁰ each), <c>1000</c>; null: it is no size.</summary>
    public static long? Size(string text)
    {
        var (unit, bytes) = Units.First(u => text.EndsWith(u.Unit, StringComparison.OrdinalIgnoreCase));
        return decimal.TryParse(text.AsSpan(0, text.Length - unit.Length).Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number <= long.MaxValue / bytes
            ? (long)(number * bytes)
            : null;
    }
}
