using System.Diagnostics;
using System.Globalization;
using BucketProxy.Simulation;

return Commands.Run(args);

/// <summary>The command line.</summary>
internal static class Commands
{
    private const string Usage = """
        simulate [--seeds N] [--from S] [--seconds T] [--only gated|ungated]
                                            seeds from S (1) on, N of them (10000), as many as T s (no limit) allow, each once
                                            without gates and once with; a failing one prints its replay command
        replay --seed S [--gated] [--mutation NAME]
                                            one run, told step by step
        mutations [--seeds N] [--mutation NAME]
                                            takes out each guard in turn; each must be caught within N seeds (3000)
        explore [--states N] [--search NAME]
                                            every interleaving of a small cluster, within bounds, up to N states (200000) a search
        explore-mutations [--states N] [--mutation NAME] [--search NAME]
                                            takes out each guard in turn; prints the shortest way to a breach. Not found is an error
        """;

    public static int Run(string[] args)
    {
        var command = args.Length > 0 ? args[0] : "";
        var seeds = Number(args, "--seeds");
        return command switch
        {
            "simulate" => Simulate(seeds ?? 10_000, Number(args, "--from") ?? 1, Number(args, "--seconds"), Text(args, "--only")),
            "replay" => Replay(Number(args, "--seed") ?? 1, args.Contains("--gated"), Text(args, "--mutation")),
            "mutations" => AllMutations(seeds ?? 3000, Text(args, "--mutation")),
            "explore" => Explore(Number(args, "--states") ?? 200_000, Text(args, "--search")),
            "explore-mutations" => ExploreMutations(Number(args, "--states") ?? 200_000, Text(args, "--mutation"), Text(args, "--search")),
            _ => Help(),
        };
    }

    private static int Help()
    {
        Console.Error.WriteLine(Usage);
        return 2;
    }

    private static int Simulate(int seeds, int from, int? seconds, string? only)
    {
        var watch = Stopwatch.StartNew();
        var sum = Runs.Many(from, seeds, Mutation.None, stopAtFirst: false, () => seconds is { } limit && watch.Elapsed.TotalSeconds >= limit,
            only is null ? null : only == "gated");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"simulation: {sum.Seeds} of {seeds} seeds in {watch.Elapsed.TotalSeconds:F1} s ({60 * sum.Seeds / watch.Elapsed.TotalSeconds:F0} a minute): {sum.Grants} changes of owner, {sum.Requests} requests, {sum.Excused} excused, {sum.Violations.Count} violations"));
        foreach (var failed in sum.Violations.Take(20))
        {
            Console.WriteLine($"seed {failed.Seed}{(failed.Gated ? " with gates" : "")}: {failed.Violation!.Message}");
            Console.WriteLine($"  dotnet run -c Release --project tests/BucketProxy.Simulation -- replay --seed {failed.Seed}{(failed.Gated ? " --gated" : "")}");
        }
        foreach (var group in sum.Violations.GroupBy(v => v.Violation!.Invariant))
            Console.WriteLine($"{group.Key}: {group.Count()}");
        return sum.Violations.Count == 0 ? 0 : 1;
    }

    private static int Replay(int seed, bool gated, string? name)
    {
        var mutation = name is null ? Mutation.None : Mutation.All.Single(m => m.Name == name);
        var result = new Simulator(seed, mutation, Console.Out, gated).Run();
        Console.WriteLine(result.Violation is null ? $"seed {seed}: every invariant holds" : $"seed {seed}: {result.Violation.Message}");
        return result.Violation is null ? 0 : 1;
    }

    private static int AllMutations(int seeds, string? only)
    {
        var missed = 0;
        foreach (var mutation in Mutation.All.Where(m => only is null || m.Name == only))
        {
            // That nothing is found takes long to see.
            var most = mutation.BackedBy is null ? seeds : Math.Min(seeds, 300);
            var sum = Runs.Many(1, most, mutation, stopAtFirst: true, gated: mutation.IsGated);
            var found = sum.Violations.OrderBy(v => v.Seed).FirstOrDefault();
            // What another guard stands behind must not be seen; else that other one is not what it is taken for.
            var isWrong = (found is null) == (mutation.BackedBy is null);
            Console.WriteLine((found, mutation.BackedBy) switch
            {
                (null, null) => $"MISSED  {mutation.Name}: not one of {most} seeds found it",
                (null, var guards) => $"backed  {mutation.Name}: not one of {most} seeds found it ({guards})",
                (_, null) => $"caught  {mutation.Name}: seed {found.Seed}: {found.Violation!.Message}",
                _ => $"WRONG   {mutation.Name}: seed {found.Seed}: {found.Violation!.Message}, although {mutation.BackedBy}",
            });
            missed += isWrong ? 1 : 0;
        }
        Console.WriteLine($"mutations: {Mutation.All.Count - missed} of {Mutation.All.Count} as expected");
        return missed == 0 ? 0 : 1;
    }

    private static int Explore(int limit, string? search)
    {
        long states = 0;
        var wrong = 0;
        foreach (var bounds in Searches.All.Where(b => search is null || b.Name == search))
        {
            var result = new Explorer(bounds, Mutation.None, limit).Run();
            states += result.States;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{bounds.Name}: {result.States} states, {result.Transitions} steps, depth {result.Depth}, {(result.Complete ? "all" : "cut off")}, {result.Took.TotalSeconds:F1} s"));
            Tell(result);
            wrong += result.Violation is null ? 0 : 1;
        }
        Console.WriteLine($"explored: {states} states, {wrong} breaches");
        return wrong == 0 ? 0 : 1;
    }

    private static int ExploreMutations(int limit, string? only, string? search)
    {
        var (missed, all) = (0, 0);
        foreach (var mutation in Mutation.All.Where(m => m.IsSearched && (only is null || m.Name == only)))
        {
            all++;
            var bounds = search is null ? Searches.Of(mutation) : Searches.All.Single(b => b.Name == search);
            if (bounds is null)
            {
                Console.WriteLine($"MISSED  {mutation.Name}: no search is meant to find it");
                missed++;
                continue;
            }
            var result = new Explorer(bounds, mutation, limit).Run();
            var caught = result.Violation is not null;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(caught ? "caught" : "MISSED")}  {mutation.Name}: in '{bounds.Name}', {result.States} states, {(caught ? "the shortest of " + result.Trace.Count + " steps" : result.Complete ? "which are all" : "cut off there")}, {result.Took.TotalSeconds:F1} s"));
            Tell(result);
            missed += caught ? 0 : 1;
        }
        Console.WriteLine($"explore-mutations: {all - missed} of {all} caught");
        return missed == 0 ? 0 : 1;
    }

    private static void Tell(ExplorerResult result)
    {
        if (result.Violation is null)
            return;
        for (var i = 0; i < result.Trace.Count; i++)
            Console.WriteLine($"    {i + 1,2}. {result.Trace[i]}");
        Console.WriteLine($"        {result.Violation.Message}");
    }

    private static int? Number(string[] args, string name) =>
        Text(args, name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    private static string? Text(string[] args, string name) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
}
