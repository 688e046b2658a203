using System.Globalization;

namespace BucketProxy.Import.Nginx;

/// <summary>nginx's sizes and times.</summary>
internal static class NginxValues
{
    /// <summary>Bytes of <c>1024</c>, <c>8k</c>, <c>1m</c>, <c>1g</c>; null: it is no size.</summary>
    public static long? Size(string text)
    {
        var unit = text.Length == 0 ? 1L : char.ToLowerInvariant(text[^1]) switch
        {
            'k' => 1024L,
            'm' => 1024L * 1024,
            'g' => 1024L * 1024 * 1024,
            _ => 1L,
        };
        return long.TryParse(unit == 1 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= long.MaxValue / unit
            ? number * unit
            : null;
    }

    /// <summary>The time of <c>60</c> (seconds), <c>500ms</c>, <c>5m</c>, <c>1h30m</c>, <c>1h 30m</c>; null: it is no time.</summary>
    public static TimeSpan? Time(string text)
    {
        var (sum, at, last) = (0d, 0, double.MaxValue);
        while (at < text.Length)
        {
            var from = at;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
                at++;
            if (!double.TryParse(text.AsSpan(from, at - from), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return null;
            var unitFrom = at;
            while (at < text.Length && char.IsAsciiLetter(text[at]))
                at++;
            var unit = Unit(text[unitFrom..at]);
            // From the largest to the smallest, each once.
            if (unit is null || unit >= last)
                return null;
            last = unit.Value;
            sum += number * unit.Value;
            while (at < text.Length && text[at] == ' ')
                at++;
        }
        // Longer than anything that we have a limit for, and not too long for a TimeSpan.
        return text.Length == 0 ? null : TimeSpan.FromSeconds(Math.Min(sum, TimeSpan.FromDays(10_000).TotalSeconds));
    }

    private static double? Unit(string unit) => unit switch
    {
        "ms" => 0.001,
        "" or "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        "M" => 30 * 86_400,
        "y" => 365 * 86_400,
        _ => null,
    };
}
