using System.Collections.Concurrent;
using System.Diagnostics;
using BucketProxy.Cluster.Store;
using BucketProxy.Core.Bases;
using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Kv;
using BucketProxy.EtcdTesting;
using Xunit.Abstractions;

namespace BucketProxy.EtcdFailure.Tests;

/// <summary>Three etcd nodes that lose each other.</summary>
public sealed class ThreeNodeTests(ITestOutputHelper output) : IAsyncLifetime
{
    private EtcdCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await EtcdCluster.StartAsync(3);

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Theory]
    [InlineData("killed")]
    [InlineData("frozen")]
    public async Task Leader_LostWhileOthersWrite_NoAcknowledgedChangeIsLost(string how)
    {
        await using var lab = await MirrorLab.StartAsync(Options(), output);
        var leader = await _cluster.LeaderAsync(lab.Writer);
        // Everybody's first endpoint is the leader: what happens to it happens to all.
        var order = _cluster.Endpoints.OrderByDescending(e => e.ToString() == leader.Endpoint).ToArray();
        await using var atLeader = await MirrorLab.StartAsync(Options() with { Endpoints = [.. order] }, output);
        using var watcher = new EtcdClient(Options() with { Endpoints = [.. order] }, TimeProvider.System);
        var start = await atLeader.AssignAsync(0, 1);
        await using var recorder = new ChangeRecorder(watcher, KeyRange.Prefix(MirrorLab.Keys.Assignments), start);
        await lab.UntilAsync(() => recorder.Last == start, "the recorder's first change");

        using var end = new CancellationTokenSource();
        var acknowledged = new ConcurrentQueue<long>();
        var writing = WriteAsync(atLeader, acknowledged, end.Token);
        await lab.UntilAsync(() => acknowledged.Count >= 20, "writes before");
        var lost = Stopwatch.GetTimestamp();
        if (how == "killed")
            await leader.KillAsync();
        else
            await leader.FreezeAsync();
        var noticed = await atLeader.NoticedAsync(lost);
        await atLeader.RecoveredAsync($"three etcds, leader {how}", noticed, lost);
        await lab.RecoveredAsync($"three etcds, leader {how}, proxy at the first endpoint of its list", null, lost);

        // And back.
        if (how == "killed")
            leader.Start();
        else
            await leader.ThawAsync();
        await leader.WaitUntilServingAsync();
        var before = acknowledged.Count;
        await lab.UntilAsync(() => acknowledged.Count >= before + 20, "writes after");
        await end.CancelAsync();
        await writing;
        var last = await atLeader.AssignAsync(255, 2);
        await lab.UntilAsync(() => recorder.Last >= last, "the recorder's last change");
        recorder.AssertHolds(acknowledged.Append(last));
        await atLeader.UntilSameAsync();
        atLeader.Observer.AssertSound();
        lab.Observer.AssertSound();
    }

    [Fact]
    public async Task Rule2_QuorumLostAndRegained_IsNoticedWithoutWaitingForAPing()
    {
        await using var lab = await MirrorLab.StartAsync(Options(), output);
        var epoch = await lab.AssignAsync(7, 3);
        await lab.UntilEpochAsync(7, epoch);

        // The first endpoint is the one that stays: its connections live, and only 'hasleader' ends the watch.
        var lost = Stopwatch.GetTimestamp();
        await Task.WhenAll(_cluster.Nodes[1].KillAsync(), _cluster.Nodes[2].KillAsync());
        var noticed = await lab.NoticedAsync(lost);
        Assert.Equal(epoch, lab.Observer.Table![new Bucket(7)].Epoch);
        await lab.UntilAsync(() => lab.Mirror.Status.LastError is not null, "the reason");
        // Without a leader nothing is proposed: the write certainly changed nothing, and says so.
        var error = await Assert.ThrowsAnyAsync<StoreException>(() => lab.Store.CommitAsync(new() { Success = [StoreOperation.PutText("k", "v")] }));
        Assert.False(Assert.IsType<StoreUnavailableException>(error).OutcomeUnknown);

        _cluster.Nodes[1].Start();
        await _cluster.Nodes[1].WaitUntilServingAsync();
        var back = Stopwatch.GetTimestamp();
        await lab.RecoveredAsync("three etcds, quorum lost and regained", noticed, back);
    }

    [Fact]
    public async Task Rule9_LeaseLivesThroughALeaderChange()
    {
        using var client = new EtcdClient(Options(), TimeProvider.System);
        await using var store = new Cluster.Etcd.EtcdStore(Options(), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<Cluster.Etcd.EtcdStore>.Instance);
        await using var keeper = await Cluster.Leases.LeaseKeeper.GrantAsync(store, TimeSpan.FromSeconds(12), TimeProvider.System, CancellationToken.None);
        var put = await store.CommitAsync(new() { Success = [StoreOperation.PutText("bucketproxy/alive/p1", "x", keeper.LeaseId)] });
        await using var recorder = new ChangeRecorder(client, KeyRange.Key("bucketproxy/alive/p1"), put.Revision);

        await (await _cluster.LeaderAsync(client)).KillAsync();
        // Twice its time to live.
        await Task.WhenAny(keeper.Lost, Task.Delay(TimeSpan.FromSeconds(24), TimeProvider.System));

        Assert.False(keeper.Lost.IsCompleted);
        Assert.True(keeper.Remaining > TimeSpan.Zero);
        var entry = Assert.Single((await store.ReadAsync(["bucketproxy/alive/"])).Entries);
        Assert.Equal(put.Revision, entry.CreateRevision);
    }

    private EtcdClientOptions Options() => new() { Endpoints = _cluster.Endpoints };

    /// <summary>Writes until told to stop.</summary>
    private static async Task WriteAsync(MirrorLab lab, ConcurrentQueue<long> acknowledged, CancellationToken end)
    {
        for (var i = 0; !end.IsCancellationRequested; i++)
        {
            try
            {
                acknowledged.Enqueue(await lab.AssignAsync(1 + (i % 200), (i % 3) + 1));
            }
            catch (EtcdException)
            {
                // Not acknowledged: it may be there or not.
            }
        }
    }
}
