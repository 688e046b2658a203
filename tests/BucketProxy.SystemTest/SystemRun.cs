using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using BucketProxy.Emulator.Checking;
using BucketProxy.Emulator.Journaling;
using BucketProxy.SystemTest.Cluster;
using BucketProxy.SystemTest.Disturbances;
using BucketProxy.SystemTest.Load;

namespace BucketProxy.SystemTest;

/// <summary>
/// Starts a whole cluster, writes to it while it is disturbed in a seeded order, stops it, and has every row, owner and memory judged.
/// </summary>
public static class SystemRun
{
    /// <summary>How long the recorder of owners may learn of a change after it was made: as long as a watch is without etcd's leader.</summary>
    private static readonly TimeSpan OwnerSlack = TimeSpan.FromSeconds(5);

    /// <summary>Runs it.</summary>
    /// <param name="options">How long and how much.</param>
    /// <param name="output">Where its progress goes.</param>
    public static async Task<SystemTestReport> RunAsync(SystemTestOptions options, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(output);
        if (!Planned.All.Concat(options.PlannedOnly ? [] : Unplanned.WhileOthers.Append(Unplanned.RestartNode)).Any(d => options.Only is null || d.Name.Contains(options.Only, StringComparison.OrdinalIgnoreCase)))
            throw new ArgumentException($"no disturbance is called anything like '{options.Only}'", nameof(options));
        var directory = Directory.CreateDirectory(options.Directory ?? Path.Combine(Path.GetTempPath(), $"bucketproxy-system-{Guid.NewGuid():N}")).FullName;
        await using var cluster = await TestCluster.StartAsync(options, directory);
        var random = new Random(options.Seed);
        List<string> bases = [.. Enumerable.Range(0, options.Bases).Select(_ => NewUuid(random))];
        var stage = new Stage(cluster, new Outcomes(), random, bases);
        var undone = new List<string>();
        var disturbances = 0;
        var hasMoved = false;
        IReadOnlyList<string> dead;
        JsonArray moves;
        int reconnects;
        var time = Stopwatch.GetTimestamp();
        await using (var ready = new ReadinessWatch(cluster.Proxies))
        await using (var writers = new Writers(bases, ready, options.Rate, options.Seed, stage.Outcomes))
        await using (var sockets = new Sockets([.. bases.Take(options.Sockets)], cluster.Proxies, options.Seed))
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
            foreach (var round in Rounds(options, random))
            {
                // On a slow machine the time may be over before anything was moved, and such a run would prove nothing.
                if (Stopwatch.GetElapsedTime(time) >= options.Duration && (hasMoved || options.Only is not null))
                    break;
                disturbances += round.Length;
                await Task.WhenAll(round.Select((disturbance, i) => RunAsync(disturbance, stage, TimeSpan.FromMilliseconds(i * random.Next(1500)), Tell, undone)));
                hasMoved |= round.Any(d => Planned.Moves(d) || !options.HandOff);
            }
            await writers.StopAsync();
            dead = options.HandOff ? await sockets.DeadAsync(TimeSpan.FromSeconds(45)) : [];
            reconnects = sockets.Reconnects;
            moves = (await cluster.Operator.GetAsync("/api/moves?past=1000"))["past"]!.AsArray();
        }
        await cluster.StopAsync();
        await cluster.Owners.DisposeAsync();
        await cluster.WriteLogsAsync();
        var report = Report();
        if (options.Directory is null && (options.HandOff ? report.Passed : report.Ownership.Lost > 0))
            Directory.Delete(directory, recursive: true);
        else
            Tell($"logs, journals and storage: {directory}");
        return report;

        void Tell(string line) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{Stopwatch.GetElapsedTime(time).TotalSeconds,6:F1} s] {line}"));

        SystemTestReport Report()
        {
            var (journal, _) = JournalReader.Read(cluster.Nodes.Select(node => node.Journal));
            var ownership = OwnershipChecker.Check(new OwnershipCheck
            {
                Journal = journal,
                StorageDirectory = cluster.Storage,
                Acknowledged = stage.Outcomes.Acknowledged,
                Owners = cluster.Owners.History,
                OwnerSlack = OwnerSlack,
            });
            var (failed, excused) = stage.Outcomes.Judge();
            var planned = moves.Where(move => move!["from"] is not null && (string?)move["reason"] != "orphan").ToList();
            return new SystemTestReport
            {
                Ownership = ownership,
                Succeeded = stage.Outcomes.Acknowledged.Count,
                Failed = failed,
                Excused = excused,
                DeadSockets = dead,
                Reconnects = reconnects,
                Undone = undone,
                Disturbances = disturbances,
                Holds = [.. planned.Where(move => (string?)move!["phase"] == "done" && move["phases"] is not null).Select(move => (double)move!["phases"]!["hold"]!)],
                MustMove = options.Only is null,
                Aborted = planned.Count(move => (string?)move!["phase"] == "aborted"),
                Slowest = stage.Outcomes.Slowest,
            };
        }
    }

    private static async Task RunAsync(Disturbance disturbance, Stage stage, TimeSpan after, Action<string> tell, List<string> undone)
    {
        await Task.Delay(after, TimeProvider.System);
        tell($"{disturbance.Name} …");
        try
        {
            tell($"{disturbance.Name}: {await disturbance.RunAsync(stage)}");
        }
        catch (Exception e) when (e is TimeoutException or HttpRequestException or InvalidOperationException or TaskCanceledException)
        {
            tell($"{disturbance.Name}: NOT DONE: {e.Message}");
            lock (undone)
                undone.Add($"{disturbance.Name}: {e.Message}");
        }
    }

    /// <summary>Without end: every disturbance once in each pass, in an order of its own; most orders meet something that just happens.</summary>
    private static IEnumerable<Disturbance[]> Rounds(SystemTestOptions options, Random random)
    {
        // The control first: bases that come back to a stale copy are enough to lose, however slow the machine.
        while (!options.HandOff)
            yield return [Planned.PinMany];
        while (true)
        {
            var planned = Shuffled(Wanted(Planned.All), random);
            var unplanned = new Queue<Disturbance>(options.PlannedOnly ? [] : Shuffled(Wanted(Unplanned.WhileOthers), random));
            foreach (var order in planned)
                yield return unplanned.TryDequeue(out var meanwhile) ? [order, meanwhile] : [order];
            while (unplanned.TryDequeue(out var alone))
                yield return [alone];
            foreach (var restart in options.PlannedOnly ? [] : Wanted([Unplanned.RestartNode]))
                yield return [restart];
        }

        IReadOnlyList<Disturbance> Wanted(IReadOnlyList<Disturbance> all) =>
            options.Only is { } only ? [.. all.Where(disturbance => disturbance.Name.Contains(only, StringComparison.OrdinalIgnoreCase))] : all;
    }

    private static Disturbance[] Shuffled(IReadOnlyList<Disturbance> all, Random random)
    {
        Disturbance[] shuffled = [.. all];
        random.Shuffle(shuffled);
        return shuffled;
    }

    internal static string NewUuid(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes).ToString("D");
    }
}
