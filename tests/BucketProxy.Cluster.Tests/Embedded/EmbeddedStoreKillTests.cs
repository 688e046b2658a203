using System.Diagnostics;
using System.Globalization;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>kill -9, two hundred times, while it opens, writes, moves its log or writes a new database.</summary>
public sealed class EmbeddedStoreKillTests
{
    private const int Rounds = 50;

    [Theory]
    [InlineData(20)]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public async Task Open_AfterKill9_HasEveryAcknowledgedWriteAndNoHalfOne(int seed)
    {
        using var directory = new TemporaryDirectory();
        var random = new Random(seed);
        var acknowledged = new HashSet<int>();
        var highest = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var afterWrites = Math.Max(0, random.Next(-10, 40));
            var inThisRound = await WriteAndKillAsync(directory.Path, highest, afterWrites, random.Next(20));
            acknowledged.UnionWith(inThisRound);

            // The lock died with the process, so this opens at once.
            await using var store = EmbeddedStore.Open(new() { Directory = directory.Path });
            var entries = (await store.ReadAsync(["n/"]).Within()).Entries;
            var found = entries.GroupBy(e => e.Text).ToDictionary(g => int.Parse(g.Key, CultureInfo.InvariantCulture), g => g.ToList());
            Assert.All(acknowledged, n => Assert.True(found.ContainsKey(n), $"Write {n} was acknowledged and is lost in round {round}."));
            Assert.All(found, w => Assert.True(w.Value.Count == 2 && w.Value[0].ModRevision == w.Value[1].ModRevision, $"Write {w.Key} is there by half."));
            highest = found.Keys.Append(0).Max();
        }
        Assert.True(acknowledged.Count >= Rounds);
    }

    private static async Task<List<int>> WriteAndKillAsync(string directory, int first, int afterWrites, int milliseconds)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "exec", typeof(KilledProcess).Assembly.Location, "write-until-killed", directory, $"{first}" },
        };
        using var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync();
            Assert.Equal(KilledProcess.Opening, await process.StandardOutput.ReadLineAsync().Within());
            if (afterWrites == 0)
            {
                // Somewhere in its opening.
                await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System);
                process.Kill();
            }
            var written = new List<int>();
            while (await process.StandardOutput.ReadLineAsync().Within() is { } line)
            {
                written.Add(int.Parse(line, CultureInfo.InvariantCulture));
                if (written.Count == afterWrites)
                    process.Kill();
            }
            await process.WaitForExitAsync().Within();
            Assert.True(written.Count >= afterWrites, $"The process ended by itself: {await errors}");
            return written;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}
