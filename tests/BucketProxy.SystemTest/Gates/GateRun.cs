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
        GateDisturbance[] disturbances = options.WithoutFuse ? [GateDisturbance.KillWithoutFuse]
            : [.. GateDisturbance.All.Where(d => options.Only is null || d.Name.Contains(options.Only, StringComparison.OrdinalIgnoreCase))];
        if (disturbances.Length == 0)
            throw new ArgumentException($"no disturbance is called anything like '{options.Only}'", nameof(options));
        var directory = Directory.CreateDirectory(options.Directory ?? Path.Combine(Path.GetTempPath(), $"bucketproxy-gates-{Guid.NewGuid():N}")).FullName;
        await using var cluster = await GateCluster.StartAsync(directory);
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
                // The zombie and the others in turns; the control is about the zombie.
                var gate = options.WithoutFuse ? cluster.Zombie : cluster.Gates[(i + options.Seed) % cluster.Gates.Count];
                if (disturbances[i].Name.Contains("restart", StringComparison.Ordinal) && gate == cluster.Zombie)
                    gate = cluster.Gates[0];
                blackouts.Add((disturbances[i].Name, await RunAsync(disturbances[i], gate, stage, Tell, undone)));
            }
            await writers.StopAsync();
            atOldAddress = browser.Succeeded;
        }
        await cluster.StopAsync();
        await cluster.Owners.DisposeAsync();
        await cluster.WriteLogsAsync();
        var (journal, _) = JournalReader.Read(cluster.Gates.Select(gate => gate.Journal));
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
        if (options.Directory is null && (options.WithoutFuse ? !report.Ownership.IsClean : report.Passed))
            Directory.Delete(directory, recursive: true);
        else
            Tell($"logs, journals and storage: {directory}");
        return report;

        void Tell(string line) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{Stopwatch.GetElapsedTime(time).TotalSeconds,6:F1} s] {line}"));
    }

    private static async Task<TimeSpan> RunAsync(GateDisturbance disturbance, GateProcess gate, GateStage stage, Action<string> tell, List<string> undone)
    {
        tell($"{disturbance.Name}: {gate.Name} …");
        try
        {
            string? uuid = null;
            await Operator.UntilAsync($"{gate.Name} runs, and owns a base", TimeSpan.FromSeconds(60), async () =>
                gate.Processes is { Server: var server } && ServerDeaths.Lives(server) && (uuid = await OwnedAsync(stage, gate)) is not null);
            await using var blackout = new Blackout(new Uri($"http://{stage.Cluster.Proxies[0].Authority}/api/v1/dtables/{uuid}/rows/?limit=1"));
            await Operator.UntilAsync($"{gate.Name} answers", TimeSpan.FromSeconds(60), () => Task.FromResult(blackout.HasBegun));
            await disturbance.RunAsync(stage, gate);
            tell(string.Create(CultureInfo.InvariantCulture, $"{disturbance.Name}: {gate.Name}, longest without an answer {blackout.Longest.TotalSeconds:F1} s"));
            return blackout.Longest;
        }
        catch (Exception e) when (e is TimeoutException or HttpRequestException or InvalidOperationException or TaskCanceledException)
        {
            tell($"{disturbance.Name}: NOT DONE: {e.Message}");
            undone.Add($"{disturbance.Name}: {e.Message}");
            return TimeSpan.Zero;
        }
    }

    private static async Task<string?> OwnedAsync(GateStage stage, GateProcess gate)
    {
        foreach (var uuid in stage.Bases)
        {
            if ((string?)(await stage.Cluster.Operator.GetAsync($"/api/bases/{uuid}"))["node"] == gate.Name)
                return uuid;
        }
        return null;
    }
}
