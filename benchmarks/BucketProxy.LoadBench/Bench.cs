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
    private const int MostRepeats = 3;

    /// <summary>Runs them; answers what each contender gave in each.</summary>
    public async Task<IReadOnlyList<(Scenario Scenario, IReadOnlyList<Series> Series)>> RunAsync(IReadOnlyList<Scenario> scenarios)
    {
        var all = new List<(Scenario, IReadOnlyList<Series>)>();
        var progress = new Progress(scenarios.Sum(s => KindsOf(s).Count * (RoundsOf(s) + (s.NeedsFreshProcess ? 0 : 1))));
        foreach (var scenario in scenarios)
        {
            var kinds = KindsOf(scenario);
            if (kinds.Count == 0)
                continue;
            await using var nodes = await (scenario.NeedsRawNodes
                ? NodeSet.StartRawAsync(workspace, scenario.Nodes)
                : NodeSet.StartNginxAsync(workspace, scenario.Nodes));
            var series = kinds.Select(k => new Series(k.Name, k.Standing, k.Column)).ToArray();
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

    private IReadOnlyList<IProxyKind> KindsOf(Scenario scenario) =>
        [.. scenario.Proxies(proxies).Where(k => k.IsEverywhere || scenario.IsForAll || options.Proxies.Contains(k.Key))];

    private int RoundsOf(Scenario scenario) => Math.Min(options.Rounds, scenario.MostRounds);

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
                progress.End(await scenario.RunAsync(workspace, running[^1], nodes, kind.IsCompiledAsItRuns ? options.WarmUp : options.WarmUp / 10), scenario.Metrics[0]);
            }
            await InTurnAsync(scenario, kinds, series, progress, i => scenario.RunAsync(workspace, running[i], nodes, options.Duration));
            for (var i = 0; i < kinds.Count; i++)
                await CheckFiguresAsync(scenario, kinds[i], running[i]);
        }
        finally
        {
            await Task.WhenAll(running.Select(proxy => proxy.DisposeAsync().AsTask()));
        }
    }

    private Task RunFreshAsync(
        Scenario scenario, IReadOnlyList<IProxyKind> kinds, NodeSet nodes, Series[] series, Progress progress) =>
        InTurnAsync(scenario, kinds, series, progress, async i =>
        {
            await using var proxy = await kinds[i].StartAsync(workspace, nodes);
            await proxy.WhenReadyAsync();
            var sample = await scenario.RunAsync(workspace, proxy, nodes, options.Duration);
            await CheckFiguresAsync(scenario, kinds[i], proxy);
            return sample;
        });

    private async Task InTurnAsync(
        Scenario scenario, IReadOnlyList<IProxyKind> kinds, Series[] series, Progress progress, Func<int, Task<Sample>> run)
    {
        var rounds = RoundsOf(scenario);
        for (var round = 0; round < rounds; round++)
        {
            for (var turn = 0; turn < kinds.Count; turn++)
            {
                var i = (turn + round) % kinds.Count;
                series[i].Add(await QuietlyAsync(scenario, async repeat =>
                {
                    progress.Start(scenario.Title, kinds[i].Name, $"round {round + 1}/{rounds}{(repeat > 0 ? $", repeat {repeat}" : "")}");
                    return await run(i);
                }));
                progress.End(series[i].Samples[^1], scenario.Metrics[0]);
            }
        }
    }

    /// <summary>
    /// Runs again while others took too much of the machine. After the last repeat the quietest run counts, and is marked.
    /// </summary>
    private async Task<Sample> QuietlyAsync(Scenario scenario, Func<int, Task<Sample>> run)
    {
        Sample? quietest = null;
        for (var repeat = 0; ; repeat++)
        {
            var sample = await run(repeat);
            if (quietest is null || sample[Metric.Others] < quietest[Metric.Others])
                quietest = sample;
            var isDisturbed = quietest[Metric.Others] > options.MostOthers;
            if (isDisturbed && scenario.NeedsQuiet && repeat < MostRepeats)
                continue;
            quietest.Repeats = repeat;
            quietest.IsDisturbed = isDisturbed && scenario.NeedsQuiet;
            return quietest;
        }
    }

    /// <summary>What is compared with others counts and times its requests, as it is installed: that is part of its price.</summary>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    private async Task CheckFiguresAsync(Scenario scenario, IProxyKind kind, RunningProxy proxy)
    {
        if (scenario.IsOurOwn || kind.Standing != Standing.Subject || proxy.Admin is not { } admin)
            return;
        var timed = await OwnFigures.TimedRequestsAsync(admin);
        if (timed == 0)
            throw new InvalidOperationException($"{kind.Name} timed no request in {scenario.Key}: its figures are off, and rows beside others are measured with them.");
        report.Timed += timed;
    }
}
