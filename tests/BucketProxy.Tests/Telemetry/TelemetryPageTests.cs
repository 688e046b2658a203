using System.Globalization;
using System.Text.RegularExpressions;
using BucketProxy.Admin;
using BucketProxy.Telemetry;
using BucketProxy.Tests.Scraping;

namespace BucketProxy.Tests.Telemetry;

/// <summary>docs/telemetry.md says what the program has.</summary>
public sealed partial class TelemetryPageTests(ExposedFigures exposed) : IClassFixture<ExposedFigures>
{
    /// <summary>Above it stand figures of ours, below it those of the libraries.</summary>
    private const string Below = "### Of .NET and ASP.NET Core";

    private static readonly string[] Lines = File.ReadAllLines(Repository.File("docs", "telemetry.md"));

    private static readonly Row[] Rows = RowsOf(Lines.TakeWhile(l => l != Below));

    private static readonly Row[] Borrowed = RowsOf(Lines.SkipWhile(l => l != Below));

    [Fact]
    public void Table_IsWhatTheProgramHas()
    {
        var documented = Rows.Select(r => $"{r.Name} {r.Kind} {r.Unit}: {r.Meaning}").Order(StringComparer.Ordinal);
        var there = exposed.Instruments.Select(i => $"{i.Key} {i.Value.Kind} {i.Value.Unit}: {i.Value.Meaning}").Order(StringComparer.Ordinal);
        Assert.Equal(there, documented);
        Assert.All(exposed.Instruments, i => Assert.Equal(AdminContext.Version, i.Value.Version));
    }

    [Fact]
    public void Table_NamesInPrometheus_AreThoseOfThePage()
    {
        Assert.NotEmpty(Rows);
        Assert.All(Rows, row =>
        {
            Assert.Equal(row.Kind == "counter", row.Prometheus.EndsWith("_total", StringComparison.Ordinal));
            Assert.StartsWith(Spelled(row.Name), row.Prometheus, StringComparison.Ordinal);
            var shown = Shown(row);
            Assert.Equal(row.Kind switch { "up-down" => "gauge", var kind => kind }, shown.Type);
            Assert.Equal(row.Meaning, shown.Help);
            Assert.NotEmpty(shown.Samples);
        });
    }

    [Fact]
    public void TableOfTheLibraries_IsWhatIsCollectedOfTheirs()
    {
        var ofAspNetCore = Borrowed.Where(r => !r.Name.StartsWith("dotnet.", StringComparison.Ordinal)).Select(r => r.Name);
        // Of both ports' servers.
        Assert.Equal(2, exposed.Families["kestrel_active_connections"].Samples.DistinctBy(s => s.Labels["server_port"]).Count());
        Assert.Equal(FigureViews.Borrowed.Order(StringComparer.Ordinal), ofAspNetCore.Order(StringComparer.Ordinal));
        // No TLS here.
        Assert.All(Borrowed.Where(r => !r.Name.Contains("tls_handshake", StringComparison.Ordinal)), row =>
        {
            var shown = Shown(row);
            Assert.Equal(row.Kind switch { "up-down" => "gauge", var kind => kind }, shown.Type);
            Assert.Subset(row.Labels.Select(Spelled).ToHashSet(StringComparer.Ordinal), LabelsOf(shown));
        });
    }

    [Fact]
    public void Page_ShowsNothingThatIsNotInATable()
    {
        var known = Rows.Concat(Borrowed).Select(r => Family(r.Prometheus)).Append("target").ToHashSet(StringComparer.Ordinal);
        Assert.Empty(exposed.Families.Keys.Except(known, StringComparer.Ordinal));
    }

    [Fact]
    public void Page_LabelsAreThoseOfTheTable_AndNoneIsOfABase()
    {
        Assert.All(Rows, row =>
        {
            var labels = LabelsOf(Shown(row));
            var documented = row.Labels.Select(Spelled).ToHashSet(StringComparer.Ordinal);
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

    private static Row[] RowsOf(IEnumerable<string> lines) =>
    [
        .. lines.Select(l => RowOf().Match(l)).Where(m => m.Success).Select(m => new Row(
            m.Groups["name"].Value, m.Groups["prometheus"].Value, m.Groups["kind"].Value, m.Groups["unit"].Value.Trim('`', '–'),
            [.. m.Groups["labels"].Value.Split(", ").Select(l => l.Trim('`', '–')).Where(l => l.Length > 0)], m.Groups["meaning"].Value)),
    ];

    private ParsedFamily Shown(Row row)
    {
        Assert.True(exposed.Families.TryGetValue(Family(row.Prometheus), out var shown), $"{row.Prometheus} is not on the page");
        return shown;
    }

    private static HashSet<string> LabelsOf(ParsedFamily family) =>
        family.Samples.SelectMany(s => s.Labels.Keys).Where(l => l != "le").ToHashSet(StringComparer.Ordinal);

    // OpenMetrics' families of counters are called without it.
    private static string Family(string name) => name.EndsWith("_total", StringComparison.Ordinal) ? name[..^"_total".Length] : name;

    private static string Spelled(string name) => name.Replace('.', '_');

    private sealed record Row(string Name, string Prometheus, string Kind, string Unit, string[] Labels, string Meaning);

    [GeneratedRegex(@"^\| `(?<name>(bucketproxy|http|kestrel|dotnet)\.[^`]+)` \| `(?<prometheus>[^`]+)` \| (?<kind>[a-z-]+) \| (?<unit>[^|]+) \| (?<labels>[^|]+) \| (?<meaning>[^|]+) \|$")]
    private static partial Regex RowOf();
}
