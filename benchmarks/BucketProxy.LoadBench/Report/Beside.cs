using System.Globalization;
using System.Text;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Scenarios;

namespace BucketProxy.LoadBench.Report;

/// <summary>All contenders over all scenarios: what each costs, and the ratio of this build to each of them.</summary>
internal sealed class Beside
{
    private const string RatioFormat = "0.00";
    private readonly List<(Scenario Scenario, IReadOnlyList<Series> Series)> _all = [];

    public void Add(Scenario scenario, IReadOnlyList<Series> series)
    {
        if (!scenario.IsOurOwn)
            _all.Add((scenario, series));
    }

    /// <summary>As Markdown; empty while nothing is compared.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        Table(text, "CPU µs each", CpuOf, (each, _, metric) => Cells.Of(each.Of(metric), metric.Format));
        Table(text, "CPU of BucketProxy, times the other's", CpuOf, Ratio);
        Table(text, "What goes through BucketProxy in a second, times the other's", ThroughputOf, Ratio);
        if (text.Length == 0)
            return "";
        text.Insert(0, """
            ## One beside the other

            A column is a scenario by its name for `--only`; its own table is below. A ratio is BucketProxy's figure divided by
            the other's of the same round; the median of the rounds counts. CPU below 1: BucketProxy needs less. Through it above 1: it carries more. Where
            the bracket holds 1, the run does not tell the two apart.


            """);
        return text.ToString();

        static Metric? CpuOf(Scenario scenario) => scenario.Metrics.FirstOrDefault(m => m == Metric.CpuEach || m == Metric.CpuPerMegabyte || m == Metric.CpuPerMebibyte);

        static Metric? ThroughputOf(Scenario scenario) => scenario.Metrics[0].MoreIsBetter ? scenario.Metrics[0] : null;

        static string Ratio(Series each, Series? subject, Metric metric) =>
            subject is null || each == subject ? "" : Cells.Of(subject.To(each, metric), RatioFormat);
    }

    private static string Per(Metric? metric) => metric == Metric.CpuPerMegabyte ? ", per MB" : metric == Metric.CpuPerMebibyte ? ", per MiB" : "";

    private void Table(StringBuilder text, string head, Func<Scenario, Metric?> metricOf, Func<Series, Series?, Metric, string> cell)
    {
        var columns = _all.Where(c => metricOf(c.Scenario) is not null).ToArray();
        // Not everybody takes part in every scenario.
        var rows = columns.SelectMany(c => c.Series.Select(s => s.Name)).Distinct()
            .Select(name => (Name: name, Cells: columns.Select(c => c.Series.FirstOrDefault(s => s.Name == name) is { } each
                ? cell(each, c.Series.FirstOrDefault(s => s.Standing == Standing.Subject), metricOf(c.Scenario)!) : "").ToArray()))
            .Where(row => row.Cells.Any(c => c.Length > 0))
            .ToArray();
        if (rows.Length == 0)
            return;
        text.Append(CultureInfo.InvariantCulture, $"| {head} |");
        foreach (var (scenario, _) in columns)
            text.Append(CultureInfo.InvariantCulture, $" {scenario.Key}{Per(metricOf(scenario))} |");
        text.Append("\n|---|").Insert(text.Length, "---:|", columns.Length).Append('\n');
        foreach (var (name, cells) in rows)
            text.Append("| ").Append(name).Append(" | ").AppendJoin(" | ", cells).Append(" |\n");
        text.Append('\n');
    }
}
