using BucketProxy.Core.Bases;
using BucketProxy.Core.Planning;

namespace BucketProxy.Commands.Simulation;

/// <summary>The cluster after one step.</summary>
/// <param name="Step">What was done.</param>
/// <param name="Nodes">Servers that take buckets.</param>
/// <param name="Moves">Buckets that changed owner.</param>
/// <param name="FewestBuckets">Of the server with the fewest.</param>
/// <param name="MostBuckets">Of the server with the most.</param>
/// <param name="Imbalance">Load of the busiest server over the mean; 1 is even.</param>
/// <param name="LowerBound">The least that can be, as long as no bucket is split.</param>
/// <param name="Refused">Moves that ought to be made and cannot, with the first reason.</param>
internal sealed record SimulatedStep(
    string Step, int Nodes, int Moves, int FewestBuckets, int MostBuckets, double Imbalance, double LowerBound, string? Refused);

/// <summary>What the planner would do, step by step. The same planner that the monitor runs; nothing is ordered.</summary>
internal static class Simulation
{
    // Load is evened out over several rounds of limited moves; it settles long before this (L3), and must not loop here if not.
    private const int MaxRounds = 64;

    /// <summary>Servers without any load, all buckets shared out.</summary>
    /// <param name="nodes">How many.</param>
    /// <param name="bases">Their load.</param>
    public static PlannerInput Fresh(int nodes, IReadOnlyList<(BaseId Base, double Rate)> bases)
    {
        var input = new PlannerInput
        {
            Scope = PlanScope.Required,
            Nodes = [.. Enumerable.Range(1, nodes).Select(i => new PlannerNode { Id = Name(i) })],
            Owners = new Dictionary<Bucket, string>(),
        };
        var placed = Planner.Plan(input).Apply(input);
        return WithLoad(placed, LoadForecast.OfBuckets(bases));
    }

    /// <summary>The same load three times over: what the planner needs to believe it.</summary>
    public static PlannerInput WithLoad(PlannerInput input, LoadSample load) =>
        input with { Loads = [.. Enumerable.Repeat(load, input.Limits.LoadSamples)], SinceMove = new Dictionary<Bucket, TimeSpan>() };

    /// <summary>Now, after a rebalance, after servers are lost, after servers join.</summary>
    public static IReadOnlyList<SimulatedStep> Run(PlannerInput now, int kill, int add)
    {
        var steps = new List<SimulatedStep> { Describe("now", now, 0, []) };
        var input = Rebalance("rebalance", now, steps);
        if (kill > 0)
        {
            var lost = input.Nodes.Select(n => n.Id).Order(StringComparer.Ordinal).Take(kill).ToHashSet(StringComparer.Ordinal);
            var without = input with { Scope = PlanScope.Required, Nodes = [.. input.Nodes.Where(n => !lost.Contains(n.Id))] };
            var plan = Planner.Plan(without);
            input = Rested(plan.Apply(without));
            steps.Add(Describe($"{string.Join(", ", lost.Order(StringComparer.Ordinal))} lost", input, plan.Moves.Length, plan.Refused));
            input = Rebalance("rebalance", input, steps);
        }
        if (add > 0)
        {
            // A new server, not a lost one that comes back.
            var known = now.Nodes.Select(n => n.Id).ToHashSet(StringComparer.Ordinal);
            var joined = Enumerable.Range(1, int.MaxValue).Select(Name).Where(id => !known.Contains(id)).Take(add).ToArray();
            input = input with { Nodes = [.. input.Nodes, .. joined.Select(id => new PlannerNode { Id = id })] };
            steps.Add(Describe($"{string.Join(", ", joined)} joined", input, 0, []));
            Rebalance("rebalance", input, steps);
        }
        return steps;
    }

    // Rounds as the monitor makes them: each with its budget, with the rest time passed in between.
    private static PlannerInput Rebalance(string step, PlannerInput input, List<SimulatedStep> steps)
    {
        input = input with { Scope = PlanScope.Rebalance };
        var moves = 0;
        IReadOnlyList<RefusedMove> refused = [];
        for (var round = 0; round < MaxRounds; round++)
        {
            var plan = Planner.Plan(input);
            refused = plan.Refused;
            if (plan.Moves.IsEmpty)
                break;
            moves += plan.Moves.Length;
            input = Rested(plan.Apply(input));
        }
        steps.Add(Describe(step, input, moves, refused));
        return input;
    }

    private static PlannerInput Rested(PlannerInput input) => input with { SinceMove = new Dictionary<Bucket, TimeSpan>() };

    private static SimulatedStep Describe(string step, PlannerInput input, int moves, IReadOnlyList<RefusedMove> refused)
    {
        var takers = input.Nodes.Where(n => n is { Suspect: false, Draining: false, Cordoned: false }).ToArray();
        var counts = takers.Select(n => input.Owners.Values.Count(o => o == n.Id)).DefaultIfEmpty(0).ToArray();
        var report = LoadForecast.Report(input);
        return new SimulatedStep(
            step, takers.Length, moves, counts.Min(), counts.Max(), report.Imbalance, report.LowerBound,
            refused.Count == 0 ? null : $"{refused.Count} cannot be made: {refused[0].Why}");
    }

    private static string Name(int number) => $"dtable-server-{number:00}";
}
