using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;
using BucketProxy.LoadBench.Report;
using BucketProxy.LoadBench.Scenarios;

namespace BucketProxy.LoadBench;

/// <summary>
/// Runs scenarios. Within one, all proxies run at the same time in front of the same nodes and take turns under load, each round
/// beginning with another one: what the machine does meanwhile meets all of them alike.
/// </summary>
internal sealed class Bench(Workspace workspace, BenchOptions options, MarkdownReport report, IReadOnlyList<IProxyKind> proxies)
{
    /// <summary>Runs them; answers what each contender gave in each.</summary>
    public async Task<IReadOnlyList<(Scenario Scenario, IReadOnlyList<Series> Series)>> RunAsync(IReadOnlyList<Scenario> scenarios)
    {
        var all = new List<(Scenario, IReadOnlyList<Series>)>();
        var progress = new Progress(scenarios.Sum(s => s.Proxies(proxies).Count * (options.Rounds + (s.NeedsFreshProcess ? 0 : 1))));
        foreach (var scenario in scenarios)
        {
            var kinds = scenario.Proxies(proxies);
            if (kinds.Count == 0)
                continue;
            await using var nodes = await (scenario.NeedsRawNodes
                ? NodeSet.StartRawAsync(workspace, scenario.Nodes)
                : NodeSet.StartNginxAsync(workspace, scenario.Nodes));
            var series = kinds.Select(k => new Series(k.Name, k.Standing)).ToArray();
            if (scenario.NeedsFreshProcess)
                await RunFreshAsync(scenario, kinds, nodes, series, progress);
            else
                await RunInTurnAsync(scenario, kinds, nodes, series, progress);
            await report.AddAsync(scenario, series);
            all.Add((scenario, series));
        }
        progress.Finish();
        return all;
    }

    private async Task RunInTurnAsync(
        Scenario scenario, IReadOnlyList<IProxyKind> kinds, NodeSet nodes, Series[] series, Progress progress)
    {
        var running = new List<RunningProxy>();
        try
        {
            foreach (var kind in kinds)
            {
                progress.Start(scenario.Title, kind.Name, "warm-up");
                running.Add(await kind.StartAsync(workspace, nodes));
                await running[^1].WhenReadyAsync();
                progress.End(await scenario.RunAsync(workspace, running[^1], nodes, options.WarmUp), scenario.Metrics[0]);
            }
            for (var round = 0; round < options.Rounds; round++)
            {
                for (var turn = 0; turn < kinds.Count; turn++)
                {
                    var i = (turn + round) % kinds.Count;
                    progress.Start(scenario.Title, kinds[i].Name, $"round {round + 1}/{options.Rounds}");
                    series[i].Add(await scenario.RunAsync(workspace, running[i], nodes, options.Duration));
                    progress.End(series[i].Samples[^1], scenario.Metrics[0]);
                }
            }
        }
        finally
        {
            foreach (var proxy in running)
                await proxy.DisposeAsync();
        }
    }

    private async Task RunFreshAsync(
        Scenario scenario, IReadOnlyList<IProxyKind> kinds, NodeSet nodes, Series[] series, Progress progress)
    {
        for (var round = 0; round < options.Rounds; round++)
        {
            for (var turn = 0; turn < kinds.Count; turn++)
            {
                var i = (turn + round) % kinds.Count;
                progress.Start(scenario.Title, kinds[i].Name, $"round {round + 1}/{options.Rounds}");
                await using var proxy = await kinds[i].StartAsync(workspace, nodes);
                await proxy.WhenReadyAsync();
                series[i].Add(await scenario.RunAsync(workspace, proxy, nodes, options.Duration));
                progress.End(series[i].Samples[^1], scenario.Metrics[0]);
            }
        }
    }
}
