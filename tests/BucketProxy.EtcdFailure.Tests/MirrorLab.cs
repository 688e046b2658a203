using System.Diagnostics;
using BucketProxy.Cluster.Etcd;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Core.Bases;
using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Kv;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace BucketProxy.EtcdFailure.Tests;

/// <summary>A proxy's view of the cluster (store and mirror), with a full table, and somebody who writes.</summary>
internal sealed class MirrorLab : IAsyncDisposable
{
    public static readonly KeySchema Keys = new();

    private readonly ITestOutputHelper _output;
    private long _restarts;

    private MirrorLab(EtcdClientOptions proxy, EtcdClientOptions writer, MirrorOptions mirror, ITestOutputHelper output)
    {
        _output = output;
        // Whoever writes is patient: it is not what is tested, and the machine may be busy.
        Writer = new EtcdClient(writer with { CallTimeout = TimeSpan.FromSeconds(20) }, TimeProvider.System);
        Store = new EtcdStore(proxy, TimeProvider.System, NullLogger<EtcdStore>.Instance);
        Mirror = new StoreMirror(Store, Keys, mirror, TimeProvider.System, NullLogger<StoreMirror>.Instance);
        Observer = new TableObserver(Mirror);
    }

    /// <summary>Writes to etcd, on connections of its own.</summary>
    public EtcdClient Writer { get; }

    public EtcdStore Store { get; }

    public StoreMirror Mirror { get; }

    public TableObserver Observer { get; }

    /// <summary>Fills etcd with three nodes and 256 assignments, and waits until the mirror has them.</summary>
    public static async Task<MirrorLab> StartAsync(
        EtcdClientOptions proxy, ITestOutputHelper output, EtcdClientOptions? writer = null, MirrorOptions? mirror = null)
    {
        var lab = new MirrorLab(proxy, writer ?? proxy, mirror ?? new MirrorOptions(), output);
        try
        {
            await SeedAsync(lab.Writer);
            lab.Mirror.Start();
            await lab.UntilAsync(() => lab.Observer.Table is not null, "the first table");
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>Three nodes and 256 assignments.</summary>
    public static async Task SeedAsync(EtcdClient client)
    {
        await client.TxnAsync(new()
        {
            Then = [.. Enumerable.Range(1, 3).Select(n => Operation.Put(Node(n), $$"""{"node_url":"http://public/{{n}}","local_node_url":"http://10.0.0.{{n}}:5000"}"""))],
        });
        foreach (var half in Bucket.All.Chunk(128))
            await client.TxnAsync(new() { Then = [.. half.Select(b => Operation.Put(Keys.Assignment(b), Node((b.Index % 3) + 1)))] });
    }

    public static string Node(int number) => $"dtable-server-{number}";

    /// <summary>Gives a bucket to another node.</summary>
    /// <returns>The new epoch.</returns>
    public async Task<long> AssignAsync(int bucket, int node) =>
        (await Writer.PutAsync(Keys.Assignment(new Bucket((byte)bucket)), Node(node))).Header.Revision;

    /// <summary>Waits until the mirror's table gives that epoch to the bucket.</summary>
    public Task UntilEpochAsync(int bucket, long epoch) =>
        UntilAsync(() => Observer.Table![new Bucket((byte)bucket)].Epoch == epoch, $"epoch {epoch} of bucket {bucket:x2}");

    /// <summary>Waits for something that must come.</summary>
    public async Task UntilAsync(Func<bool> condition, string what, TimeSpan? limit = null)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > (limit ?? TimeSpan.FromSeconds(60)))
                throw new TimeoutException($"{what} did not come; the mirror says {Mirror.Status}");
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }
    }

    /// <summary>Waits until the mirror knows that it has lost the store.</summary>
    /// <returns>How long it took.</returns>
    public async Task<TimeSpan> NoticedAsync(long since)
    {
        // A watch that lasted is opened again at once: that it was away may be over before anybody looks.
        await UntilAsync(() => Mirror.Status is var now && (!now.Connected || now.WatchRestarts > _restarts), "the mirror's noticing");
        return Stopwatch.GetElapsedTime(since);
    }

    /// <summary>Waits until the mirror follows again and has what the store holds; nothing unsound may have been given out meanwhile.</summary>
    /// <param name="what">What happened, for the report.</param>
    /// <param name="noticed">How long it took to notice.</param>
    /// <param name="since">When it was mended.</param>
    public async Task RecoveredAsync(string what, TimeSpan? noticed, long since)
    {
        await UntilAsync(() => Mirror.Status.Connected, "the connection");
        await UntilSameAsync();
        _restarts = Mirror.Status.WatchRestarts;
        Report.Write(_output, what, noticed, Stopwatch.GetElapsedTime(since));
        Observer.AssertSound();
    }

    /// <summary>No lost change: every mirrored assignment has the epoch that it has in the store.</summary>
    public async Task UntilSameAsync()
    {
        StoreSnapshot? truth = null;
        for (var attempt = 0; truth is null; attempt++)
        {
            try
            {
                truth = await Store.ReadAsync([Keys.Assignments]);
            }
            catch (StoreUnavailableException) when (attempt < 20)
            {
                // It may take more than one call until the store is there again.
            }
        }
        Assert.Equal(Bucket.Count, truth.Entries.Count);
        await UntilAsync(
            () => truth.Entries.All(e => Bucket.TryParse(e.Key.AsSpan(Keys.Assignments.Length), out var b) && Observer.Table?[b].Epoch >= e.ModRevision),
            "the store's state");
        foreach (var entry in truth.Entries)
        {
            Assert.True(Bucket.TryParse(entry.Key.AsSpan(Keys.Assignments.Length), out var bucket));
            if (Observer.Table![bucket].Epoch == entry.ModRevision)
                Assert.Equal(entry.Text, Observer.Table![bucket].Owner!.Id);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Observer.DisposeAsync();
        await Mirror.DisposeAsync();
        await Store.DisposeAsync();
        Writer.Dispose();
    }
}
