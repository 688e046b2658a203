using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>Leases over restarts, full disks and timers that are not exact.</summary>
public sealed class EmbeddedStoreLeaseEndTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _time = new();

    private EmbeddedStoreOptions Options => StoreScript.Options(_directory.Path);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Lease_AfterARestart_HasItsFullTimeAgain()
    {
        LeaseGrant lease;
        await using (var store = EmbeddedStore.Open(Options, _time))
        {
            lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(10));
            await store.CommitAsync(new() { Success = [StoreOperation.PutText("k", "x", lease.LeaseId)] });
            _time.Advance(TimeSpan.FromSeconds(9));
        }
        _time.Advance(TimeSpan.FromHours(1));
        await using var again = EmbeddedStore.Open(Options, _time);
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Single((await again.ReadAsync(["k"]).Within()).Entries);
        var watch = again.WatchAsync(["k"], 3).GetAsyncEnumerator();
        var gone = watch.MoveNextAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await gone.Within());
        Assert.Null(Assert.Single(watch.Current.Events).Entry);
        Assert.Null(await again.RenewLeaseAsync(lease.LeaseId).Within());
        await watch.DisposeAsync();
    }

    [Fact]
    public async Task Lease_ThatEndedOrWasRevoked_StaysGoneAfterARestart()
    {
        await using (var store = EmbeddedStore.Open(Options, _time))
        {
            var revoked = await store.GrantLeaseAsync(TimeSpan.FromSeconds(10));
            await store.CommitAsync(new() { Success = [StoreOperation.PutText("k", "x", revoked.LeaseId)] });
            await store.RevokeLeaseAsync(revoked.LeaseId);
        }
        await using var again = EmbeddedStore.Open(Options, _time);
        var snapshot = await again.ReadAsync([""]).Within();
        Assert.Empty(snapshot.Entries);
        Assert.Equal(3, snapshot.Revision);
    }

    [Fact]
    public async Task Lease_EndingOnAFullDisk_EndsOnceThereIsRoom()
    {
        var steps = new StoreSteps();
        await using var store = steps.Open(Options, _time);
        var lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(10));
        await store.CommitAsync(new() { Success = [StoreOperation.PutText("k", "x", lease.LeaseId)] });
        steps.Full = true;
        var before = steps.Count;
        await _time.AdvanceUntilAsync(() => steps.Count > before, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        Assert.Single((await store.ReadAsync(["k"]).Within()).Entries);
        steps.Full = false;
        await using var watch = store.WatchAsync(["k"], 3).GetAsyncEnumerator();
        var gone = watch.MoveNextAsync().AsTask();
        await _time.AdvanceUntilAsync(() => gone.IsCompleted, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        Assert.Null(Assert.Single(watch.Current.Events).Entry);
    }

    [Fact]
    public async Task Lease_TimerThatFiresEarly_IsSetAgain()
    {
        await using var store = EmbeddedStore.Open(Options, new EarlyTimeProvider(_time));
        var lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(10));
        await store.CommitAsync(new() { Success = [StoreOperation.PutText("k", "x", lease.LeaseId)] });
        await using var watch = store.WatchAsync(["k"], 3).GetAsyncEnumerator();
        var gone = watch.MoveNextAsync().AsTask();
        await _time.AdvanceUntilAsync(() => gone.IsCompleted, TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(1));
        Assert.True(_time.Elapsed >= TimeSpan.FromSeconds(10));
    }

    // Timers of a real system may fire a little before the clock says so; here a lot.
    private sealed class EarlyTimeProvider(FakeTimeProvider time) : TimeProvider
    {
        public override long TimestampFrequency => time.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

        public override long GetTimestamp() => time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new EarlyTimer(time.CreateTimer(callback, state, Early(dueTime), period));

        private static TimeSpan Early(TimeSpan dueTime) => dueTime > TimeSpan.Zero ? dueTime * 0.8 : dueTime;

        private sealed class EarlyTimer(ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(Early(dueTime), period);

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
