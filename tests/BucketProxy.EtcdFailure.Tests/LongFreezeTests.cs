using System.Diagnostics;
using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Kv;
using BucketProxy.EtcdTesting;
using Xunit.Abstractions;

namespace BucketProxy.EtcdFailure.Tests;

/// <summary>SIGSTOP for 75 s: connections stay open, and nothing answers. A class of its own, so that others run meanwhile.</summary>
public sealed class LongFreezeTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Rule6_EtcdFrozenFor75Seconds_IsNoticedAndFollowedAgain()
    {
        await using var etcd = await EtcdProcess.StartNewAsync();
        var options = EtcdClientOptions.ForEndpoints(etcd.Endpoint);
        await using var lab = await MirrorLab.StartAsync(options, output);
        using var watcher = new EtcdClient(options, TimeProvider.System);
        var start = await lab.AssignAsync(0, 1);
        await using var recorder = new ChangeRecorder(watcher, KeyRange.Prefix(MirrorLab.Keys.Assignments), start);
        await lab.UntilAsync(() => recorder.Last == start, "the recorder's first change");

        var frozen = Stopwatch.GetTimestamp();
        await etcd.FreezeAsync();
        var noticed = await lab.NoticedAsync(frozen);
        await Task.Delay(TimeSpan.FromSeconds(75) - Stopwatch.GetElapsedTime(frozen), TimeProvider.System);
        Assert.False(lab.Mirror.Status.Connected);
        Assert.Equal(256, lab.Observer.Table!.Buckets.Count(b => b.Owner is not null));

        var thawed = Stopwatch.GetTimestamp();
        await etcd.ThawAsync();
        await lab.RecoveredAsync("one etcd, SIGSTOP for 75 s", noticed, thawed);
        var epoch = await lab.AssignAsync(3, 2);
        await lab.UntilEpochAsync(3, epoch);
        await lab.UntilAsync(() => recorder.Last >= epoch, "the recorder's last change");
        recorder.AssertHolds([start, epoch]);
        Assert.True(recorder.Interruptions > 0);
    }
}
