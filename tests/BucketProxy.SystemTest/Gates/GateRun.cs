using System.Diagnostics;
using System.Globalization;
using BucketProxy.Emulator.Checking;
using BucketProxy.Emulator.Journaling;
using BucketProxy.SystemTest.Cluster;
using BucketProxy.SystemTest.Load;

namespace BucketProxy.SystemTest.Gates;

/// <summary>Kills, freezes and cuts off gated servers under load, one after the other, and has every row, owner, memory and save judged.</summary>
public static class GateRun
{
    private static readonly TimeSpan OwnerSlack = TimeSpan.FromSeconds(5);

    /// <summary>Runs it.</summary>
    /// <param name="options">What is done.</param>
    /// <param name="output">Where its progress goes.</param>
    public static async Task<GateReport> RunAsync(GateRunOptions options, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(output);
        var isControl = options.Kind is GateRunKind.WithoutFuse or GateRunKind.WithoutSupervision;
        var disturbances = Disturbances(options.Kind).Where(d => options.Only is null || d.Name.Contains(options.Only, StringComparison.OrdinalIgnoreCase)).ToArray();
        if (disturbances.Length == 0)
            throw new ArgumentException($"no disturbance is called anything like '{options.Only}'", nameof(options));
        var directory = Directory.CreateDirectory(options.Directory ?? Path.Combine(Path.GetTempPath(), $"bucketproxy-gates-{Guid.NewGuid():N}")).FullName;
        await using var cluster = await GateCluster.StartAsync(
            directory, [.. Stands(options.Kind).Select(stand => new GateProcessOptions { Stand = stand })], options.Kind == GateRunKind.Mixed ? 1 : 0);
        var random = new Random(options.Seed);
        List<string> bases = [.. Enumerable.Range(0, options.Bases).Select(_ => SystemRun.NewUuid(random))];
        var stage = new GateStage(cluster, new Outcomes(), random, bases, options);
        var undone = new List<string>();
        var blackouts = new List<(string, TimeSpan)>();
        int atOldAddress;
        var time = Stopwatch.GetTimestamp();
        await using (var ready = new ReadinessWatch(cluster.Proxies))
        await using (var writers = new Writers(bases, ready, options.Rate, options.Seed, stage.Outcomes))
        await using (var browser = new Sender("browser", cluster.Gates[0].Authority, bases, stage.Outcomes))
        {
            await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
            for (var i = 0; i < disturbances.Length; i++)
            {
                // In turns, so that each is hit by something.
                var hit = cluster.Nodes.Where(disturbances[i].Hits).ToList();
                var node = hit[(i + options.Seed) % hit.Count];
                blackouts.Add((disturbances[i].Name, await RunAsync(disturbances[i], node, stage, Tell, undone)));
            }
            await writers.StopAsync();
            atOldAddress = browser.Succeeded;
        }
        await cluster.StopAsync();
        await cluster.Owners.DisposeAsync();
        await cluster.WriteLogsAsync();
        var (journal, _) = JournalReader.Read([.. cluster.Gates.Select(gate => gate.Journal), .. cluster.Ungated.Select(node => node.Journal)]);
        var (failed, excused) = stage.Outcomes.Judge();
        var report = new GateReport
        {
            Ownership = OwnershipChecker.Check(new OwnershipCheck
            {
                Journal = journal,
                StorageDirectory = cluster.Storage,
                Acknowledged = stage.Outcomes.Acknowledged,
                Owners = cluster.Owners.History,
                Exits = cluster.Exits,
                OwnerSlack = OwnerSlack,
            }),
            Succeeded = stage.Outcomes.Acknowledged.Count,
            AtOldAddress = atOldAddress,
            Failed = failed,
            Excused = excused,
            Undone = undone,
            Blackouts = blackouts,
        };
        if (options.Directory is null && (isControl ? !report.Ownership.IsClean : report.Passed))
            Directory.Delete(directory, recursive: true);
        else
            Tell($"logs, journals and storage: {directory}");
        return report;

        void Tell(string line) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{Stopwatch.GetElapsedTime(time).TotalSeconds,6:F1} s] {line}"));
    }

    private static IReadOnlyList<GateDisturbance> Disturbances(GateRunKind kind) => kind switch
    {
        GateRunKind.Mixed => GateDisturbance.OfMixed,
        GateRunKind.WithoutFuse => [GateDisturbance.KillWithoutFuse],
        GateRunKind.WithoutSupervision => [GateDisturbance.KillWithoutSupervision],
        _ => GateDisturbance.OfSupervised,
    };

    private static Stand[] Stands(GateRunKind kind) => kind switch
    {
        GateRunKind.Mixed => [Stand.Called, Stand.Unsupervised],
        GateRunKind.WithoutSupervision => [Stand.Restarted, Stand.Called, Stand.Elsewhere],
        _ => [Stand.Restarted, Stand.Called, Stand.Zombie],
    };

    private static async Task<TimeSpan> RunAsync(GateDisturbance disturbance, RestartableProcess node, GateStage stage, Action<string> tell, List<string> undone)
    {
        tell($"{disturbance.Name}: {node.Name} …");
        try
        {
            string? uuid = null;
            await Operator.UntilAsync($"{node.Name} runs, and owns a base", TimeSpan.FromSeconds(60), async () =>
                node is not GateProcess { HasServer: false } && (uuid = await OwnedAsync(stage, node)) is not null);
            await using var blackout = new Blackout(new Uri($"http://{stage.Cluster.Proxies[0].Authority}/api/v1/dtables/{uuid}/rows/?limit=1"));
            await Operator.UntilAsync($"{node.Name} answers", TimeSpan.FromSeconds(60), () => Task.FromResult(blackout.HasBegun));
            await disturbance.RunAsync(stage, node);
            tell(string.Create(CultureInfo.InvariantCulture, $"{disturbance.Name}: {node.Name}, longest without an answer {blackout.Longest.TotalSeconds:F1} s"));
            return blackout.Longest;
        }
        catch (Exception e) when (e is TimeoutException or HttpRequestException or InvalidOperationException or TaskCanceledException)
        {
            tell($"{disturbance.Name}: NOT DONE: {e.Message}");
            undone.Add($"{disturbance.Name}: {e.Message}");
            return TimeSpan.Zero;
        }
    }

    private static async Task<string?> OwnedAsync(GateStage stage, RestartableProcess node)
    {
        foreach (var uuid in stage.Bases)
        {
            if ((string?)(await stage.Cluster.Operator.GetAsync($"/api/bases/{uuid}"))["node"] == node.Name)
                return uuid;
        }
        return null;
    }
}
