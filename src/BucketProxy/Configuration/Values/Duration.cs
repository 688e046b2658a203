using System.Globalization;

namespace BucketProxy.Configuration.Values;

/// <summary>How a length of time is spelled: a number and its unit. A bare number is refused: 25 what?</summary>
internal static class Duration
{
    private static readonly (string Unit, TimeSpan Length)[] Units =
    [
        ("d", TimeSpan.FromDays(1)), ("h", TimeSpan.FromHours(1)), ("m", TimeSpan.FromMinutes(1)),
        ("s", TimeSpan.FromSeconds(1)), ("ms", TimeSpan.FromMilliseconds(1)),
    ];

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var digits = text.AsSpan().TrimEnd("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ");
        var unit = text.AsSpan(digits.Length).Trim().ToString();
        if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return false;
        foreach (var (name, length) in Units)
        {
            if (!string.Equals(name, unit, StringComparison.OrdinalIgnoreCase))
                continue;
            var ticks = number * length.Ticks;
            if (ticks > TimeSpan.MaxValue.Ticks / 2.0)
                return false;
            // 0.41 times ten million is a little less than 4100000.
            duration = TimeSpan.FromTicks((long)Math.Round(ticks));
            return true;
        }
        return false;
    }

    /// <summary>In the largest unit that gives a whole number.</summary>
    public static string Format(TimeSpan duration)
    {
        foreach (var (name, length) in Units)
        {
            if (duration >= length && duration.Ticks % length.Ticks == 0)
                return string.Create(CultureInfo.InvariantCulture, $"{duration.Ticks / length.Ticks}{name}");
        }
        return string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0.####}ms");
    }
}
