using System.Text;
using OpenTelemetry.Metrics;

namespace BucketProxy.Scraping;

/// <summary>Names of OpenTelemetry as Prometheus spells them: dots become underscores, and the unit and <c>_total</c> are part of the name.</summary>
/// <remarks>https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/</remarks>
internal static class MetricNames
{
    private static readonly Dictionary<string, string> Units = new(StringComparer.Ordinal)
    {
        ["s"] = "seconds",
        ["ms"] = "milliseconds",
        ["By"] = "bytes",
        ["1"] = "ratio",
        ["%"] = "percent",
    };

    /// <summary>The family's name, without the <c>_total</c> of counters, and its unit, or null where it has none.</summary>
    public static (string Family, string? Unit) Of(string name, string unit, MetricType type)
    {
        var family = Legal(name);
        // A count of things ("{request}") is no unit, and a share makes a name better only where nothing is counted.
        if (!Units.TryGetValue(unit, out var word) || (unit == "1" && !type.IsGauge()))
            return (family, null);
        return (family.EndsWith("_" + word, StringComparison.Ordinal) ? family : $"{family}_{word}", word);
    }

    /// <summary>A label's name.</summary>
    public static string OfLabel(string name) => Legal(name);

    private static string Legal(string name)
    {
        var legal = new StringBuilder(name.Length + 1);
        foreach (var c in name)
        {
            if (char.IsAsciiLetterOrDigit(c))
                legal.Append(c);
            else if (legal.Length == 0 || legal[^1] != '_')
                legal.Append('_');
        }
        if (legal.Length == 0 || char.IsAsciiDigit(legal[0]))
            legal.Insert(0, '_');
        return legal.ToString();
    }
}
