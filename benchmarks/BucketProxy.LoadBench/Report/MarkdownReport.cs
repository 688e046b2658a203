using System.Globalization;
using System.Text;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Scenarios;

namespace BucketProxy.LoadBench.Report;

/// <summary>The tables, written anew after each scenario, so that a run that is broken off leaves what it has.</summary>
internal sealed class MarkdownReport(string file, Machine machine, BenchOptions options)
{
    private readonly StringBuilder _tables = new();
    private readonly Beside _beside = new();
    private readonly Verdict _verdict = new();

    /// <summary>Requests that BucketProxy has put into its own histograms so far, in rows beside others.</summary>
    public long Timed { get; set; }

    public async Task AddAsync(Scenario scenario, IReadOnlyList<Series> series)
    {
        Append(scenario, series);
        _beside.Add(scenario, series);
        _verdict.Add(scenario, series);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        await File.WriteAllTextAsync(file, Head() + _verdict.Text() + _beside.Text() + _tables);
    }

    /// <summary>All that is compared, in short.</summary>
    public string Summary() => _verdict.Text() + _beside.Text();

    private string Head() => string.Create(CultureInfo.InvariantCulture, $"""
        # Side by side

        Made by `benchmarks/run`; do not edit. Medians of {options.Rounds} interleaved rounds of {options.Duration.TotalSeconds:0.#} s (fewer where a run takes long),
        least and most in brackets. Generator, proxy and nodes share the machine. CPU is the proxy's own (all of its processes, user and
        system, without interrupts), memory what is resident after the run. "Others' CPU" is the share of the machine that went to
        processes that are no part of the measurement: what is more than a few percent there makes the numbers worse than they are. A run
        beside which they took more than {options.MostOthers:0.#} % is repeated, three times at most; then the quietest counts.

        {machine.Describe()}
        * BucketProxy's telemetry is on, as installed: it counted and timed {Timed:#,0} requests in the rows beside others


        """);

    private void Append(Scenario scenario, IReadOnlyList<Series> series)
    {
        var metrics = scenario.Metrics.Where(m => series.Any(s => s.Of(m) is not null)).ToArray();
        var best = Best(series, metrics[0], scenario.IsOurOwn);
        _tables.Append(CultureInfo.InvariantCulture, $"## {scenario.Title}\n\n`--only {scenario.Key}`. {scenario.Explanation}\n\n");
        _tables.Append("| |").AppendJoin(' ', metrics.Select(m => $" {m.Name} |"));
        _tables.Append(best is null ? "\n" : scenario.IsOurOwn ? " to the first |\n" : " to the best other |\n");
        _tables.Append("|---|").Insert(_tables.Length, "---:|", metrics.Length + (best is null ? 0 : 1)).Append('\n');
        foreach (var each in series)
        {
            _tables.Append("| ").Append(each.Name).Append(" |");
            foreach (var metric in metrics)
                _tables.Append(' ').Append(Cells.Of(each.Of(metric), metric.Format)).Append(" |");
            if (best is { } value)
                _tables.Append(' ').Append(Ratio(each, metrics[0], value)).Append(" |");
            _tables.Append('\n');
        }
        if (Repeats.Of(series) is { Length: > 0 } repeats)
            _tables.Append(CultureInfo.InvariantCulture, $"\nRepeated because of others' CPU: {repeats}.\n");
        _tables.Append('\n');
    }

    private static double? Best(IReadOnlyList<Series> series, Metric metric, bool ofFirst)
    {
        if (ofFirst)
            return series[0].Of(metric)?.Median;
        var others = series.Where(s => s.Standing == Standing.Other).Select(s => s.Of(metric)?.Median).OfType<double>().ToArray();
        return others.Length == 0 ? null : metric.MoreIsBetter ? others.Max() : others.Min();
    }

    private static string Ratio(Series series, Metric metric, double best) =>
        series.Of(metric) is { } value && best > 0
            ? (value.Median / best).ToString("0.00", CultureInfo.InvariantCulture)
            : "";
}
