using System.Diagnostics;
using System.Globalization;
using BucketProxy.Emulator.Checking;
using BucketProxy.Emulator.Journaling;
using BucketProxy.SystemTest.Load;
using BucketProxy.Testing.Processes;

namespace BucketProxy.SystemTest.TwoServers;

/// <summary>
/// Two servers as SeaTable's manual has them: they follow nothing, and hold what they once opened. Their bases change sides under load, behind nginx and behind gates,
/// and every row, memory and save is judged.
/// </summary>
public static class TwoServersRun
{
    private static readonly TimeSpan OwnerSlack = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SocketLimit = TimeSpan.FromSeconds(60);

    /// <summary>Runs all three, one after the other.</summary>
    /// <param name="options">How much is sent.</param>
    /// <param name="output">Where its progress goes.</param>
    /// <exception cref="InvalidOperationException">There is no nginx on this machine.</exception>
    public static async Task<TwoServersReport> RunAsync(TwoServersOptions options, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(output);
        var nginx = NginxShell.Find() ?? throw new InvalidOperationException("There is no nginx on this machine, and this run compares with a real one. Install it: apt-get install nginx-light");
        var directory = Directory.CreateDirectory(options.Directory ?? Path.Combine(Path.GetTempPath(), $"bucketproxy-two-servers-{Guid.NewGuid():N}")).FullName;
        var time = Stopwatch.GetTimestamp();
        var report = new TwoServersReport
        {
            Reload = await SideAsync(new NginxSide(nginx, Path.Combine(directory, "reload"), options, restartsServers: false)),
            Restart = await SideAsync(new NginxSide(nginx, Path.Combine(directory, "restart"), options, restartsServers: true)),
            Gates = await SideAsync(new GatedSide(Path.Combine(directory, "gates"), options)),
        };
        if (options.Directory is null && report.Passed)
            Directory.Delete(directory, recursive: true);
        else
            Tell($"logs, journals and storage: {directory}");
        return report;

        async Task<SideReport> SideAsync(ISide side)
        {
            await using (side)
                return await RunAsync(side, options, Tell);
        }

        void Tell(string line) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{Stopwatch.GetElapsedTime(time).TotalSeconds,6:F1} s] {line}"));
    }

    private static async Task<SideReport> RunAsync(ISide side, TwoServersOptions options, Action<string> tell)
    {
        tell($"{side.Name} …");
        var random = new Random(options.Seed);
        List<string> bases = [.. Enumerable.Range(0, options.Bases).Select(_ => SystemRun.NewUuid(random))];
        var outcomes = new Outcomes();
        var changes = new List<ChangeNote>();
        await side.StartAsync();
        IReadOnlyList<string> dead, stale;
        int reconnects;
        await using (var ready = new ReadinessWatch([side.Entrance]))
        await using (var users = new Users(bases, ready, options.Rate, options.Seed, outcomes))
        await using (var sockets = new Sockets([.. bases.Take(options.Sockets)], [side.Entrance], options.Seed))
        {
            // Each base is in a memory, and has rows there that are not saved, whenever something changes.
            await users.RoundAsync();
            foreach (var change in Enum.GetValues<Change>())
            {
                var (since, failed) = (Stopwatch.GetTimestamp(), outcomes.Judge().Failed.Count);
                var note = await side.MakeAsync(change);
                await users.RoundAsync();
                note = note with { Longest = users.LongestSince(since), Failed = outcomes.Judge().Failed.Count - failed };
                changes.Add(note);
                tell($"{side.Name}: {note.What}");
            }
            dead = await sockets.DeadAsync(SocketLimit);
            reconnects = sockets.Reconnects;
            await users.StopAsync();
            stale = users.Stale;
        }
        await side.StopAsync();
        await side.WriteLogsAsync();
        var (journal, _) = JournalReader.Read(side.Journals);
        return new SideReport
        {
            Name = side.Name,
            Ownership = OwnershipChecker.Check(new OwnershipCheck
            {
                Journal = journal,
                StorageDirectory = side.Storage,
                Acknowledged = outcomes.Acknowledged,
                Owners = side.Owners,
                Exits = side.Exits,
                OwnerSlack = OwnerSlack,
            }),
            Rows = outcomes.Acknowledged.Count,
            Reads = outcomes.Reads,
            Failed = outcomes.Judge().Failed,
            Stale = stale,
            Reconnects = reconnects,
            DeadSockets = dead,
            Changes = changes,
        };
    }
}
