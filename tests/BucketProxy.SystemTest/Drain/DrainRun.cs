using System.Diagnostics;
using BucketProxy.Emulator.Checking;
using BucketProxy.Emulator.Journaling;
using BucketProxy.SystemTest.Cluster;
using BucketProxy.SystemTest.Load;

namespace BucketProxy.SystemTest.Drain;

/// <summary>Drains one node of a whole cluster of real processes under a steady load, and says how long each bucket was held.</summary>
public static class DrainRun
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan OwnerSlack = TimeSpan.FromSeconds(5);

    /// <summary>Runs it.</summary>
    /// <param name="options">The cluster, and the rate of requests.</param>
    /// <param name="node">The node to drain.</param>
    /// <exception cref="ArgumentException">There is no such node.</exception>
    /// <exception cref="TimeoutException">It is not drained within two minutes.</exception>
    public static async Task<DrainReport> RunAsync(SystemTestOptions options, string node)
    {
        ArgumentNullException.ThrowIfNull(options);
        var directory = Directory.CreateDirectory(options.Directory ?? Path.Combine(Path.GetTempPath(), $"bucketproxy-drain-{Guid.NewGuid():N}")).FullName;
        await using var cluster = await TestCluster.StartAsync(options, directory);
        if (cluster.Nodes.All(n => n.Name != node))
            throw new ArgumentException($"there is no node '{node}', only {string.Join(", ", cluster.Nodes.Select(n => n.Name))}", nameof(node));
        var random = new Random(options.Seed);
        List<string> bases = [.. Enumerable.Range(0, options.Bases).Select(_ => SystemRun.NewUuid(random))];
        var outcomes = new Outcomes();
        var owned = await OwnedAsync(cluster, node);
        TimeSpan from, took, until;
        int sent;
        IReadOnlyList<TimeSpan> latencies;
        IReadOnlyList<BucketHold> moved;
        await using (var ready = new ReadinessWatch(cluster.Proxies))
        await using (var load = new SteadyLoad(bases, ready, options.Rate, options.Seed, outcomes))
        {
            // Every base is in its node's memory by then, or nearly.
            await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System);
            from = load.Elapsed;
            sent = load.Sent;
            var since = Stopwatch.GetTimestamp();
            await cluster.Operator.PostAsync($"/api/nodes/{node}/drain");
            await Operator.UntilAsync($"{node} owns nothing and nothing moves", Limit, async () =>
                (await cluster.Operator.GetAsync("/api/buckets")).AsArray().All(b => (string?)b!["node"] != node && (string?)b["state"] == "open"));
            took = Stopwatch.GetElapsedTime(since);
            (until, sent) = (load.Elapsed, load.Sent - sent);
            await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
            await load.StopAsync();
            latencies = load.Between(from, until);
            var past = (await cluster.Operator.GetAsync("/api/moves?past=1000"))["past"]!.AsArray();
            moved = [.. past.Where(m => (string?)m!["from"] == node && (string?)m["phase"] == "done")
                .Select(m => new BucketHold((string)m!["bucket"]!, (double)m["phases"]!["hold"]!)).OrderBy(m => m.Bucket, StringComparer.Ordinal)];
        }
        await cluster.StopAsync();
        await cluster.Owners.DisposeAsync();
        await cluster.WriteLogsAsync();
        var (journal, _) = JournalReader.Read(cluster.Nodes.Select(n => n.Journal));
        var report = new DrainReport
        {
            Node = node,
            Owned = owned,
            Moved = moved,
            Took = took,
            Rate = sent / took.TotalSeconds,
            Latencies = latencies,
            Succeeded = outcomes.Acknowledged.Count,
            Failed = outcomes.Judge().Failed,
            Ownership = OwnershipChecker.Check(new OwnershipCheck
            {
                Journal = journal,
                StorageDirectory = cluster.Storage,
                Acknowledged = outcomes.Acknowledged,
                Owners = cluster.Owners.History,
                OwnerSlack = OwnerSlack,
            }),
        };
        if (options.Directory is null && report.Passed)
            Directory.Delete(directory, recursive: true);
        return report;
    }

    private static async Task<int> OwnedAsync(TestCluster cluster, string node) =>
        (await cluster.Operator.GetAsync("/api/buckets")).AsArray().Count(b => (string?)b!["node"] == node);
}
