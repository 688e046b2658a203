using BucketProxy.GateBench.Reporting;
using BucketProxy.LoadBench;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;
using BucketProxy.LoadBench.Report;
using BucketProxy.LoadBench.Scenarios;

namespace BucketProxy.GateBench.Throughput;

/// <summary>What proxies without gates lost by there being gates: this build and the last one before them, in turns.</summary>
internal static class EarlierBuild
{
    private static readonly string[] Scenarios = ["get-64", "post-64k"];

    public static async Task<Section> MeasureAsync(GateBenchOptions options, Workspace workspace, Machine machine, Action<string> tell)
    {
        tell("throughput: this build and the earlier one");
        var earlier = Contenders.Build("earlier=" + options.Earlier);
        var bench = new BenchOptions(options.Rounds, options.Duration, options.WarmUp, Scenarios, [], 0, null);
        var report = new MarkdownReport(Path.Combine(workspace.NewFolder("throughput"), "report.md"), machine, bench);
        var all = await new Bench(workspace, bench, report, [new BucketProxyKind(), earlier]).RunAsync([.. AllScenarios.List.Where(s => Scenarios.Contains(s.Key))]);
        return new Section(
            "Proxies without gates, before there were gates and now",
            $"""
            As `benchmarks/run --only {string.Join(',', Scenarios)} --proxies bucketproxy --also earlier=…` measures it, with {earlier.Build!.Version()} as the earlier one. A ratio is this build's figure divided by the
            other's of the same round. Where the bracket holds 1, the run does not tell the two apart.
            """,
            ["", "requests/s now", "requests/s before", "requests/s, times before", "CPU each, times before"],
            [.. all.Select(each => Row(each.Scenario, each.Series[0], each.Series[1]))])
        {
            Faults = [.. all.SelectMany(each => each.Series.Where(s => s.Of(Metric.Errors) is not { Most: 0 }).Select(s => $"{each.Scenario.Key}: {s.Name} failed requests"))],
        };
    }

    private static string[] Row(Scenario scenario, Series now, Series before) =>
    [
        scenario.Title, Cells.Of(now.Of(Metric.Requests), Metric.Requests.Format), Cells.Of(before.Of(Metric.Requests), Metric.Requests.Format),
        Cells.Of(now.To(before, Metric.Requests), "0.00"), Cells.Of(now.To(before, Metric.CpuEach), "0.00"),
    ];
}
