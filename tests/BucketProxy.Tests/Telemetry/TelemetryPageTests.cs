using System.Globalization;
using System.Text.RegularExpressions;
using BucketProxy.Scraping;
using OpenTelemetry.Metrics;

namespace BucketProxy.Tests.Telemetry;

/// <summary>docs/telemetry.md says what the program has.</summary>
public sealed partial class TelemetryPageTests(ExposedFigures exposed) : IClassFixture<ExposedFigures>
{
    private static readonly Row[] Rows =
    [
        .. File.ReadLines(Repository.File("docs", "telemetry.md")).Select(l => RowOf().Match(l)).Where(m => m.Success).Select(m => new Row(
            m.Groups["name"].Value, m.Groups["prometheus"].Value, m.Groups["kind"].Value, m.Groups["unit"].Value.Trim('`', '–'),
            [.. m.Groups["labels"].Value.Split(", ").Select(l => l.Trim('`', '–')).Where(l => l.Length > 0)], m.Groups["meaning"].Value)),
    ];

    [Fact]
    public void Table_IsWhatTheProgramHas()
    {
        var documented = Rows.Select(r => $"{r.Name} {r.Kind} {r.Unit}: {r.Meaning}").Order(StringComparer.Ordinal);
        var there = exposed.Instruments.Select(i => $"{i.Key} {i.Value.Kind} {i.Value.Unit}: {i.Value.Meaning}").Order(StringComparer.Ordinal);
        Assert.Equal(there, documented);
    }

    [Fact]
    public void Table_NamesInPrometheus_AreThoseOfThePage()
    {
        Assert.NotEmpty(Rows);
        Assert.All(Rows, row =>
        {
            var type = row.Kind switch { "counter" => MetricType.LongSum, "gauge" => MetricType.LongGauge, "histogram" => MetricType.Histogram, _ => MetricType.LongSumNonMonotonic };
            var family = MetricNames.Of(row.Name, row.Unit, type).Family;
            Assert.Equal(row.Prometheus, row.Kind == "counter" ? family + "_total" : family);
            Assert.True(exposed.Families.TryGetValue(family, out var shown), $"{family} is not on the page");
            Assert.Equal(row.Kind switch { "up-down" => "gauge", var kind => kind }, shown.Type);
            Assert.Equal(row.Meaning, shown.Help);
            Assert.NotEmpty(shown.Samples);
        });
    }

    [Fact]
    public void Page_ShowsNothingThatIsNotInTheTable()
    {
        var known = Rows.Select(r => r.Prometheus).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(exposed.Families.Values.Where(f =>
            f.Name != "target" && !f.Name.StartsWith("dotnet_", StringComparison.Ordinal) && !known.Contains(f.Name) && !known.Contains(f.Name + "_total")).Select(f => f.Name));
    }

    [Fact]
    public void Page_LabelsAreThoseOfTheTable_AndNoneIsOfABase()
    {
        Assert.All(Rows, row =>
        {
            var family = exposed.Families[row.Prometheus.EndsWith("_total", StringComparison.Ordinal) ? row.Prometheus[..^"_total".Length] : row.Prometheus];
            var labels = family.Samples.SelectMany(s => s.Labels.Keys).Where(l => l != "le").ToHashSet(StringComparer.Ordinal);
            var documented = row.Labels.Select(MetricNames.OfLabel).ToHashSet(StringComparer.Ordinal);
            // A request that failed is not among those that were made.
            labels.UnionWith(documented.Where(l => l == "error_type"));
            Assert.Equal(documented.Order(StringComparer.Ordinal), labels.Order(StringComparer.Ordinal));
        });
        Assert.DoesNotContain(
            exposed.Families.Values.SelectMany(f => f.Samples).SelectMany(s => s.Labels.Values), v => Guid.TryParse(v, CultureInfo.InvariantCulture, out _));
    }

    [Fact]
    public void Page_Causes_AreExplained()
    {
        var text = File.ReadAllText(Repository.File("docs", "telemetry.md"));
        Assert.All(exposed.Families["bucketproxy_requests"].Samples, s => Assert.Contains($"| `{s.Labels["cause"]}` |", text, StringComparison.Ordinal));
        Assert.All(exposed.Families["bucketproxy_invariant_margin_ratio"].Samples, s => Assert.Contains($"| {s.Labels["invariant"]} ", text, StringComparison.Ordinal));
    }

    private sealed record Row(string Name, string Prometheus, string Kind, string Unit, string[] Labels, string Meaning);

    [GeneratedRegex(@"^\| `(?<name>(bucketproxy|http)\.[^`]+)` \| `(?<prometheus>[^`]+)` \| (?<kind>[a-z-]+) \| (?<unit>[^|]+) \| (?<labels>[^|]+) \| (?<meaning>[^|]+) \|$")]
    private static partial Regex RowOf();
}
