using System.Text;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>An embedded store's files, as a stop or a crash leaves them.</summary>
internal static class StoreOnDisk
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public static EmbeddedStore Open(TemporaryDirectory directory) =>
        EmbeddedStore.Open(StoreScript.Options(directory.Path), new FakeTimeProvider());

    public static async Task<List<(string, string, long, long)>> ContentAsync(string directory)
    {
        await using var store = EmbeddedStore.Open(StoreScript.Options(directory), new FakeTimeProvider());
        return [.. (await store.ReadAsync([""]).Within()).Entries.Select(e => (e.Key, Strict.GetString(e.Value.Span), e.CreateRevision, e.ModRevision))];
    }

    /// <summary>A lease and three commits, all in the database.</summary>
    public static async Task<TemporaryDirectory> ClosedAsync()
    {
        var directory = new TemporaryDirectory();
        await using (var store = Open(directory))
            await WriteAsync(store);
        return directory;
    }

    /// <summary>Three commits, all in the log alone.</summary>
    public static async Task<TemporaryDirectory> KilledAsync()
    {
        using var directory = new TemporaryDirectory();
        await using var store = Open(directory);
        for (var n = 1; n <= 3; n++)
            await StoreScript.WriteAsync(store, n);
        return StoreSteps.Copy(directory.Path);
    }

    private static async Task WriteAsync(EmbeddedStore store)
    {
        await store.GrantLeaseAsync(TimeSpan.FromSeconds(10));
        for (var n = 1; n <= 3; n++)
            await StoreScript.WriteAsync(store, n);
    }
}
