using System.Globalization;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>
/// The process that <see cref="EmbeddedStoreKillTests"/> starts and kills: it writes as fast as it can, and prints the number
/// of each write once it is acknowledged.
/// </summary>
internal static class KilledProcess
{
    public static async Task<int> Main(string[] args)
    {
        if (args is not ["write-until-killed", var directory, var first])
        {
            await Console.Error.WriteLineAsync("This is a test assembly: run it with 'dotnet test'.");
            return 2;
        }
        var next = int.Parse(first, CultureInfo.InvariantCulture);
        await using var store = EmbeddedStore.Open(new() { Directory = directory, CheckpointBytes = 8192 });
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            while (true)
            {
                var n = Interlocked.Increment(ref next);
                await store.CommitAsync(new StoreTransaction
                {
                    Success = [StoreOperation.PutText($"n/{n}/a", $"{n}"), StoreOperation.PutText($"n/{n}/b", $"{n}")],
                });
                lock (output)
                    output.WriteLine(n);
            }
        }));
        return 0;
    }
}
