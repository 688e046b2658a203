using System.Diagnostics;
using System.Globalization;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;

namespace BucketProxy.StoreBench;

/// <summary>One round in this process: prints a figure a line.</summary>
internal static class StoreMeasurement
{
    private const int Keys = 10_000;
    private static readonly string Value = new('v', 200);

    public static async Task RunAsync(double seconds)
    {
        var folder = Directory.CreateTempSubdirectory("bucketproxy-storebench-").FullName;
        try
        {
            await FillAsync(folder);
            Say("open, first", Milliseconds(await OpenAsync(folder)));
            var later = new List<double>();
            for (var i = 0; i < 5; i++)
                later.Add(Milliseconds(await OpenAsync(folder)));
            Say("open, again", later.Order().ElementAt(later.Count / 2));
            await using var store = EmbeddedStore.Open(new() { Directory = folder });
            // What is compiled on the way is not the store's cost.
            await WriteAsync(store, 64, 1);
            await MeasureAsync(store, 1, seconds);
            await MeasureAsync(store, 64, seconds);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(EmbeddedStore store, int writers, double seconds)
    {
        var since = Stopwatch.GetTimestamp();
        var cpu = Environment.CpuUsage.TotalTime;
        var took = await WriteAsync(store, writers, seconds);
        var commits = took.Count;
        Say($"commits/s, {writers}", commits / Stopwatch.GetElapsedTime(since).TotalSeconds);
        Say($"99 %, {writers}", Milliseconds(took.Order().ElementAt((int)(commits * 0.99))));
        Say($"CPU, {writers}", (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / commits);
    }

    /// <summary>Each writer puts one of its keys after the other; returns what each commit took.</summary>
    private static async Task<List<TimeSpan>> WriteAsync(EmbeddedStore store, int writers, double seconds)
    {
        var since = Stopwatch.GetTimestamp();
        var all = await Task.WhenAll(Enumerable.Range(0, writers).Select(async writer =>
        {
            var random = new Random(writer);
            var took = new List<TimeSpan>();
            while (Stopwatch.GetElapsedTime(since).TotalSeconds < seconds)
            {
                var began = Stopwatch.GetTimestamp();
                await store.CommitAsync(new() { Success = [StoreOperation.PutText($"key/{random.Next(Keys):00000}", Value)] });
                took.Add(Stopwatch.GetElapsedTime(began));
            }
            return took;
        }));
        return [.. all.SelectMany(t => t)];
    }

    private static async Task FillAsync(string folder)
    {
        await using var store = EmbeddedStore.Open(new() { Directory = folder });
        foreach (var keys in Enumerable.Range(0, Keys).Chunk(100))
            await store.CommitAsync(new() { Success = [.. keys.Select(k => StoreOperation.PutText($"key/{k:00000}", Value))] });
    }

    private static async Task<TimeSpan> OpenAsync(string folder)
    {
        var since = Stopwatch.GetTimestamp();
        await using var store = EmbeddedStore.Open(new() { Directory = folder });
        if ((await store.ReadAsync(["key/"])).Entries.Count != Keys)
            throw new InvalidOperationException("Keys are missing.");
        return Stopwatch.GetElapsedTime(since);
    }

    private static double Milliseconds(TimeSpan time) => time.TotalMilliseconds;

    private static void Say(string name, double figure) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}={figure}"));
}
