using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace BucketProxy.Scraping;

/// <summary>Writes metrics in one of the two formats. They differ in little: how a counter's family is called, units, escapes, the end.</summary>
/// <remarks>
/// https://github.com/prometheus/docs/blob/main/docs/instrumenting/exposition_formats.md,
/// https://prometheus.io/docs/specs/om/open_metrics_spec/
/// </remarks>
internal sealed class ExpositionWriter(ExpositionFormat format)
{
    private readonly StringBuilder _page = new(64 * 1024);
    private readonly HashSet<string> _families = new(StringComparer.Ordinal);

    private bool IsOpenMetrics => format == ExpositionFormat.OpenMetrics;

    /// <summary>Whom the figures are of, by OpenTelemetry's convention.</summary>
    public void Resource(Resource resource)
    {
        Head("target", IsOpenMetrics ? "target" : "target_info", null, IsOpenMetrics ? "info" : "gauge", "Whom the figures are of.");
        _page.Append("target_info");
        Labels(resource.Attributes.Select(a => KeyValuePair.Create(a.Key, (object?)a.Value)));
        _page.Append(" 1\n");
    }

    /// <summary>A metric with all its series.</summary>
    public void Metric(Metric metric)
    {
        var (family, unit) = MetricNames.Of(metric.Name, metric.Unit, metric.MetricType);
        // A second metric of one name would make the page unreadable for every parser.
        if (!_families.Add(family))
            return;
        var isCounter = metric.MetricType is MetricType.LongSum or MetricType.DoubleSum;
        var sample = isCounter ? family + "_total" : family;
        var type = metric.MetricType.IsHistogram() ? "histogram" : isCounter ? "counter" : "gauge";
        Head(family, isCounter && !IsOpenMetrics ? sample : family, unit, type, metric.Description);
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            if (metric.MetricType == MetricType.Histogram)
                Histogram(family, point);
            else
                Sample(sample, point.Tags, Value(metric.MetricType, point));
        }
    }

    /// <summary>The page.</summary>
    public string End()
    {
        if (IsOpenMetrics)
            _page.Append("# EOF\n");
        return _page.ToString();
    }

    private void Head(string family, string name, string? unit, string type, string meaning)
    {
        _page.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        if (IsOpenMetrics && unit is not null)
            _page.Append("# UNIT ").Append(family).Append(' ').Append(unit).Append('\n');
        _page.Append("# HELP ").Append(name).Append(' ');
        Escape(meaning, quotes: IsOpenMetrics);
        _page.Append('\n');
    }

    private void Sample(string name, in ReadOnlyTagCollection tags, double value)
    {
        _page.Append(name);
        Labels(tags);
        _page.Append(' ').Append(Number(value)).Append('\n');
    }

    private void Histogram(string family, in MetricPoint point)
    {
        var count = 0L;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            count += bucket.BucketCount;
            _page.Append(family).Append("_bucket");
            // Both formats alike, so that a series stays the same whichever is read.
            Labels(point.Tags, bucket.ExplicitBound);
            _page.Append(' ').Append(count.ToString(CultureInfo.InvariantCulture)).Append('\n');
        }
        Sample(family + "_sum", point.Tags, point.GetHistogramSum());
        Sample(family + "_count", point.Tags, point.GetHistogramCount());
    }

    private static double Value(MetricType type, in MetricPoint point) => type switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
        MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => point.GetSumDouble(),
        MetricType.LongGauge => point.GetGaugeLastValueLong(),
        MetricType.DoubleGauge => point.GetGaugeLastValueDouble(),
        _ => throw new InvalidOperationException($"Nobody here makes a {type}."),
    };

    private void Labels(in ReadOnlyTagCollection tags, double? bound = null)
    {
        var all = new List<KeyValuePair<string, object?>>(tags.Count + 1);
        foreach (var tag in tags)
            all.Add(tag);
        if (bound is { } le)
            all.Add(new("le", Canonical(le)));
        Labels(all);
    }

    private void Labels(IEnumerable<KeyValuePair<string, object?>> labels)
    {
        var isFirst = true;
        foreach (var (name, value) in labels)
        {
            _page.Append(isFirst ? '{' : ',').Append(MetricNames.OfLabel(name)).Append("=\"");
            Escape(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", quotes: true);
            _page.Append('"');
            isFirst = false;
        }
        if (!isFirst)
            _page.Append('}');
    }

    private void Escape(string text, bool quotes)
    {
        foreach (var c in text)
        {
            _ = c switch
            {
                '\\' => _page.Append(@"\\"),
                '\n' => _page.Append(@"\n"),
                '"' when quotes => _page.Append("\\\""),
                _ => _page.Append(c),
            };
        }
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    /// <summary>A bound of a histogram as OpenMetrics wants it: always with a point.</summary>
    private static string Canonical(double bound)
    {
        var text = Number(bound);
        return double.IsFinite(bound) && text.All(c => char.IsAsciiDigit(c) || c == '-') ? text + ".0" : text;
    }
}
