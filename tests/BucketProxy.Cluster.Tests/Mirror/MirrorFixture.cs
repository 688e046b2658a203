using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.Mirror;

/// <summary>A mirror over a store with faults, and a follower that checks every view it publishes.</summary>
internal sealed class MirrorFixture : IAsyncDisposable
{
    public static readonly KeySchema Schema = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _follower;

    public MirrorFixture(StoreMark? seen = null, StoreSnapshot? backup = null)
    {
        Memory = backup is null ? new MemoryStore(Time) : new MemoryStore(Time, backup);
        Faults = new FaultInjectingStore(Memory, Time);
        Store = new HookedStore(Faults);
        Mirror = new StoreMirror(Store, Schema, new MirrorOptions(), Time, NullLogger<StoreMirror>.Instance, seen);
        _follower = FollowAsync();
    }

    public FakeTimeProvider Time { get; } = new();

    public MemoryStore Memory { get; }

    public FaultInjectingStore Faults { get; }

    public HookedStore Store { get; }

    public StoreMirror Mirror { get; }

    /// <summary>True: the follower checks that no view loses its owners and no epoch falls.</summary>
    public bool ExpectsNoFlap { get; set; } = true;

    public static StoreOperation Node(int n) =>
        StoreOperation.PutText(Schema.Node(Id(n)), $$"""{"local_node_url": "http://10.0.0.{{n}}:5000", "node_url": "https://n{{n}}.example.com"}""");

    public static StoreOperation Assign(int bucket, int node) =>
        StoreOperation.PutText(Schema.Assignment(new Bucket((byte)bucket)), Id(node));

    public static StoreOperation Unassign(int bucket) => StoreOperation.DeleteKey(Schema.Assignment(new Bucket((byte)bucket)));

    public static string Id(int node) => $"dtable-server-{node:00}";

    /// <summary>Writes past the faults, whatever they are.</summary>
    public async Task<long> WriteAsync(params StoreOperation[] operations) =>
        (await Memory.CommitAsync(new StoreTransaction { Success = operations })).Revision;

    /// <summary>Three nodes, 256 buckets on the first two, and a mirror that has seen them.</summary>
    public async Task StartAsync()
    {
        await WriteAsync(Node(1), Node(2), Node(3));
        for (var b = 0; b < Bucket.Count; b += 64)
            await WriteAsync([.. Enumerable.Range(b, 64).Select(i => Assign(i, 1 + i % 2))]);
        Mirror.Start();
        await ViewAsync(v => v.Assignments.Count == Bucket.Count);
        await UntilAsync(() => Faults.OpenWatches == 1);
    }

    /// <summary>Waits for a view without letting time pass: it must come by the watch.</summary>
    public async Task<ClusterView> ViewAsync(Func<ClusterView, bool> wanted)
    {
        while (true)
        {
            var view = Mirror.Current;
            if (view is not null && wanted(view))
                return view;
            await Mirror.ChangedSinceAsync(view, default).Within();
        }
    }

    /// <summary>Lets time pass until the condition holds.</summary>
    public Task UntilAsync(Func<bool> condition) =>
        Time.AdvanceUntilAsync(condition, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));

    /// <summary>Lets time pass until the mirror's comparing read has come round so many times.</summary>
    public async Task RereadsAsync(int times)
    {
        for (; times > 0; times--)
        {
            var before = Store.Reads;
            await UntilAsync(() => Store.Reads > before);
        }
        // The last answer is taken in once the next read is due: one more.
        var last = Store.Reads;
        await UntilAsync(() => Store.Reads > last);
    }

    public string? OwnerOf(int bucket) => Mirror.Current?.Assignments.GetValueOrDefault(new Bucket((byte)bucket))?.Owner;

    public async ValueTask DisposeAsync()
    {
        await Mirror.DisposeAsync();
        await _stop.CancelAsync();
        await _follower.Within();
        _stop.Dispose();
        await Store.DisposeAsync();
    }

    private async Task FollowAsync()
    {
        ClusterView? before = null;
        while (true)
        {
            try
            {
                await Mirror.ChangedSinceAsync(before, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            var view = Mirror.Current!;
            if (before is not null && ExpectsNoFlap)
            {
                Assert.True(view.Revision > before.Revision, $"Revision {view.Revision} after {before.Revision}.");
                Assert.Equal(before.ClusterId, view.ClusterId);
                foreach (var (bucket, grant) in before.Assignments)
                    Assert.True(view.Assignments.GetValueOrDefault(bucket)?.Epoch >= grant.Epoch, $"Bucket {bucket} lost its owner or its epoch fell.");
            }
            before = view;
        }
    }
}
