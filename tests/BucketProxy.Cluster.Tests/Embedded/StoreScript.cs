using System.Globalization;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>
/// A fixed run of writes against an embedded store: write n puts <c>a</c>, <c>b</c> and <c>n/…</c> in one transaction, so that
/// the content tells which writes are in it.
/// </summary>
internal static class StoreScript
{
    public const int Writes = 24;

    // Small, so that the log is moved into the database every few writes.
    public static EmbeddedStoreOptions Options(string directory) =>
        new() { Directory = directory, CheckpointBytes = 50_000, ClusterId = 7 };

    /// <summary>Runs it. Returns the numbers of the writes that were acknowledged.</summary>
    public static async Task<List<int>> RunAsync(string directory, StoreSteps steps)
    {
        var acknowledged = new List<int>();
        EmbeddedStore store;
        try
        {
            store = steps.Open(Options(directory), new FakeTimeProvider());
        }
        catch (IOException)
        {
            return acknowledged;
        }
        await using (store)
        {
            for (var n = 1; n <= Writes; n++)
            {
                try
                {
                    await WriteAsync(store, n);
                    acknowledged.Add(n);
                }
                catch (StoreUnavailableException)
                {
                    // Its outcome is unknown; the next write must be well.
                }
            }
        }
        return acknowledged;
    }

    public static Task<TransactionResult> WriteAsync(EmbeddedStore store, int n) => store.CommitAsync(new StoreTransaction
    {
        Success =
        [
            StoreOperation.PutText("a", $"{n}"),
            StoreOperation.PutText($"n/{n:00}", $"{n}"),
            StoreOperation.PutText("b", $"{n}"),
        ],
    }).Within();

    /// <summary>Opens the store and reads which writes are in it, after checking that each is there as a whole.</summary>
    public static async Task<List<int>> ReadAsync(string directory)
    {
        await using var store = EmbeddedStore.Open(Options(directory), new FakeTimeProvider());
        var snapshot = await store.ReadAsync([""]).Within();
        Assert.Equal(7ul, snapshot.ClusterId);
        var numbers = snapshot.Entries.Where(e => e.Key.StartsWith("n/", StringComparison.Ordinal)).ToList();
        var last = numbers.Count == 0 ? null : numbers.MaxBy(e => e.ModRevision);
        Assert.Equal(last is null ? 0 : 2, snapshot.Entries.Count - numbers.Count);
        foreach (var e in snapshot.Entries.Where(e => e.Key is "a" or "b"))
            Assert.Equal((last!.Text, last.ModRevision, last.ModRevision), (e.Text, e.ModRevision, snapshot.Revision));
        // And it takes writes again.
        var next = await store.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText("next", "x")] }).Within();
        Assert.Equal(snapshot.Revision + 1, next.Revision);
        return [.. numbers.Select(e => int.Parse(e.Text, CultureInfo.InvariantCulture))];
    }
}
