using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using BucketProxy.Admin;
using BucketProxy.Admin.Contract;
using BucketProxy.Commands.Client;
using BucketProxy.Core.Planning;
using Spectre.Console;

namespace BucketProxy.Commands.Simulation;

/// <summary><c>simulate</c>: what would a rebalance, a loss or a new server do? Nothing is ordered.</summary>
internal static class SimulateCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var live = new Option<bool>("--live") { Description = "Begin with a running cluster and its load, read from its admin port, instead of a made-up one." };
        var nodes = Number("--nodes", "How many servers a made-up cluster has.", 4, 1, 256);
        var bases = Number("--bases", "How many bases it has.", 10_000, 1, 1_000_000);
        var kill = Number("--kill", "Then lose so many servers.", 0, 0, 255);
        var add = Number("--add", "Then let so many servers join.", 0, 0, 255);
        var seed = Number("--seed", "The same seed makes the same bases.", 1, 0, int.MaxValue);
        var zipf = new Option<double>("--zipf") { Description = "How uneven its load is: 0 even, 1.2 as on large clouds.", HelpName = "S", DefaultValueFactory = _ => 1.2 };
        zipf.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 0 and <= 10))
                result.AddError("--zipf: allowed: 0 to 10.");
        });
        return ClientFlags.Add(
            new DescribedCommand("simulate", "Show what a rebalance, a loss or a new server would do. Nothing is ordered.",
                "simulate --nodes 8 --zipf 1.2", "simulate --nodes 4 --kill 1 --add 2", "simulate --live --kill 1 --url http://proxy-1:5555")
            {
                live, nodes, bases, zipf, kill, add, seed,
            },
            environment,
            async (call, cancel) =>
            {
                var start = call.Parsed.GetValue(live)
                    ? LiveCluster.Of(await call.Admin.GetAsync<NodeReport[]>("/api/nodes", cancel), await call.Admin.GetAsync<BucketReport[]>("/api/buckets", cancel))
                    : Simulation.Fresh(call.Parsed.GetValue(nodes),
                        LoadForecast.Zipf(call.Parsed.GetValue(bases), call.Parsed.GetValue(zipf), 1000, call.Parsed.GetValue(seed)));
                if (call.Parsed.GetValue(kill) >= start.Nodes.Count)
                {
                    await environment.Error.WriteLineAsync($"--kill: allowed: fewer than the {start.Nodes.Count} servers there are.");
                    return ExitCode.Usage;
                }
                var steps = Simulation.Run(start, call.Parsed.GetValue(kill), call.Parsed.GetValue(add));
                if (call.Json)
                    environment.WriteLine(JsonSerializer.Serialize(steps, AdminJson.Options));
                else
                    Show(environment.Output, steps);
                return ExitCode.Done;
            });
    }

    private static void Show(IAnsiConsole output, IReadOnlyList<SimulatedStep> steps)
    {
        var table = Tables.New("step", "servers", "moves", "buckets each", "busiest / mean", "lower bound");
        foreach (var step in steps)
        {
            table.AddRow(Tables.Row(
                step.Step, step.Nodes, step.Moves, step.FewestBuckets == step.MostBuckets ? $"{step.MostBuckets}" : $"{step.FewestBuckets} to {step.MostBuckets}",
                step.Imbalance.ToString("0.00", CultureInfo.InvariantCulture), step.LowerBound.ToString("0.00", CultureInfo.InvariantCulture)));
        }
        output.Write(table);
        foreach (var step in steps.Where(s => s.Refused is not null))
            output.Write(new Text($"{step.Step}: {step.Refused}\n"));
        if (steps.Any(s => s.LowerBound > 1.2))
            output.Write(new Text("One bucket alone is more than a fair share: pin its hottest base to a server of its own (bucketproxy status names it).\n"));
    }

    private static Option<int> Number(string name, string description, int usual, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < least || result.GetValueOrDefault<int>() > most)
                result.AddError($"{name}: allowed: {least} to {most}.");
        });
        return option;
    }
}
