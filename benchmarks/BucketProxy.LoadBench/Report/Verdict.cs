using System.Globalization;
using System.Text;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Scenarios;

namespace BucketProxy.LoadBench.Report;

/// <summary>The one table: each aim, what everybody reached, and whether it is met.</summary>
internal sealed class Verdict
{
    private static readonly (string Column, string Name)[] Columns =
        [("nginx-as-run", "nginx of the manual"), (Aims.LeanNginx, "nginx, lean"), ("haproxy", "HAProxy"), (Aims.Subject, "**BucketProxy**")];

    private readonly List<(Scenario Scenario, IReadOnlyList<Series> Series)> _all = [];

    public void Add(Scenario scenario, IReadOnlyList<Series> series)
    {
        if (!scenario.IsOurOwn)
            _all.Add((scenario, series));
    }

    /// <summary>As Markdown; empty while no aim was measured.</summary>
    public string Text()
    {
        var rows = Aims.List.Select(aim => (Aim: aim, Series: SeriesOf(aim))).Where(row => Of(row.Series, Aims.Subject)?.Of(row.Aim.Metric) is not null).ToArray();
        if (rows.Length == 0)
            return "";
        var judged = rows.Select(row => Judge(row.Aim, row.Series)).ToArray();
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            ## The aims

            {judged.Count(j => j.Outcome == Outcome.Met)} of {rows.Length} met, {judged.Count(j => j.Outcome == Outcome.NotToldApart)} not told apart, {judged.Count(j => j.Outcome == Outcome.Short)} short.{Unmeasured(rows.Length)}
            A ratio is BucketProxy's figure divided by the other's of the same round; the median of the rounds counts, and a bracket that holds 1 does not tell the two apart. The *both* rows are chains of two: nginx twice, BucketProxy and a gate.
            *Repeated*: how often a run was made again because others took too much of the machine; *disturbed*: still so after the last repeat. `resident` is the most of any HTTP row above it, both sides not counted.


            """);
        text.Append("| row | figure | ").AppendJoin(" | ", Columns.Select(c => c.Name)).Append(" | aim | reached | repeated |\n|---|---|");
        text.Insert(text.Length, "---:|", Columns.Length).Append("---|---|---|\n");
        foreach (var ((aim, series), (outcome, words)) in rows.Zip(judged))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {aim.Scenario} | {aim.Metric.Name} | ");
            text.AppendJoin(" | ", Columns.Select(c => Of(series, c.Column)?.Of(aim.Metric) is { } value ? aim.Metric.Text(value.Median) : ""));
            text.Append(CultureInfo.InvariantCulture, $" | {aim.Text} | {(outcome == Outcome.Short ? $"**{words}**" : words)} | {Repeats.Of(series)} |\n");
        }
        return text.Append('\n').ToString();
    }

    private static string Unmeasured(int measured) =>
        measured == Aims.List.Count ? "" : string.Create(CultureInfo.InvariantCulture, $" {Aims.List.Count - measured} were not measured in this run.");

    private static Series? Of(IReadOnlyList<Series> series, string column) => series.FirstOrDefault(s => s.Column == column);

    private IReadOnlyList<Series> SeriesOf(Aim aim) =>
        aim.Scenario == Aims.Resident ? ResidentSeries() : _all.FirstOrDefault(each => each.Scenario.Key == aim.Scenario).Series ?? [];

    private Series[] ResidentSeries() =>
    [
        .. Columns.Select(column =>
        {
            var series = new Series(column.Name, Standing.Other, column.Column);
            var most = _all.Where(each => each.Scenario is HttpThroughput { InChain: false }).Select(each => Of(each.Series, column.Column)?.Of(Metric.Memory)?.Median).Max();
            series.Add(new Sample { [Metric.Memory] = most });
            return series;
        }),
    ];

    private static (Outcome Outcome, string Words) Judge(Aim aim, IReadOnlyList<Series> series)
    {
        var subject = Of(series, Aims.Subject)!;
        if (aim.Limit is { } limit)
        {
            var median = subject.Of(aim.Metric)!.Value.Median;
            return median <= limit ? (Outcome.Met, "met") : (Outcome.Short, $"short by {aim.Metric.Text(median - limit)}");
        }
        var rivals = aim.Rivals.Select(r => Of(series, r)).OfType<Series>().Where(s => s.Of(aim.Metric) is not null);
        var best = aim.Metric.MoreIsBetter ? rivals.MaxBy(s => s.Of(aim.Metric)!.Value.Median) : rivals.MinBy(s => s.Of(aim.Metric)!.Value.Median);
        if (best is null || subject.To(best, aim.Metric) is not { } ratio)
            return (Outcome.NotToldApart, "nobody to compare with");
        var words = $"{Cells.Of(ratio, "0.00")} of {best.Name}";
        if (ratio.Least <= 1 && ratio.Most >= 1 && ratio.Least < ratio.Most)
            return (Outcome.NotToldApart, "not told apart: " + words);
        var isGood = aim.Metric.MoreIsBetter ? ratio.Median >= 1 : ratio.Median <= 1;
        return isGood ? (Outcome.Met, "met: " + words) : (Outcome.Short, string.Create(CultureInfo.InvariantCulture, $"short by {100 * Math.Abs(1 - ratio.Median):0} %: {words}"));
    }

    private enum Outcome
    {
        Met,
        NotToldApart,
        Short,
    }
}
