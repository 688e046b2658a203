using System.Globalization;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>
/// The process that <see cref="EmbeddedStoreKillTests"/> starts and kills: it writes as fast as it can, and prints the number
/// of each write once it is acknowledged. Now and then a commit fails, so that it is also killed while it writes a new database.
/// </summary>
internal static class KilledProcess
{
    /// <summary>What it prints when it is about to open the store.</summary>
    public const string Opening = "opening";

    public static async Task<int> Main(string[] args)
    {
        if (args is not ["write-until-killed", var directory, var first])
        {
            await Console.Error.WriteLineAsync("This is a test assembly: run it with 'dotnet test'.");
            return 2;
        }
        var next = int.Parse(first, CultureInfo.InvariantCulture);
        var random = new Random(next);
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        await output.WriteLineAsync(Opening);
        await using var store = EmbeddedStore.Open(
            new() { Directory = directory, CheckpointBytes = 100_000 }, TimeProvider.System, NullLogger.Instance, step =>
            {
                if (step is StoreStep.Commit or StoreStep.Answer && random.Next(20) == 0)
                    throw new IOException("The disk says no.");
            });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            while (true)
            {
                var n = Interlocked.Increment(ref next);
                try
                {
                    await store.CommitAsync(new StoreTransaction
                    {
                        Success = [StoreOperation.PutText($"n/{n}/a", $"{n}"), StoreOperation.PutText($"n/{n}/b", $"{n}")],
                    });
                }
                catch (StoreUnavailableException)
                {
                    continue;
                }
                lock (output)
                    output.WriteLine(n);
            }
        }));
        return 0;
    }
}
