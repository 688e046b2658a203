using BucketProxy.Cluster.Leases;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.Tests.Mirror;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.Leases;

public sealed class LeaseKeeperTests : IAsyncLifetime
{
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(15);
    private readonly FakeTimeProvider _time = new();
    private readonly FaultInjectingStore _store;
    private LeaseKeeper _lease = null!;

    public LeaseKeeperTests() => _store = new FaultInjectingStore(new MemoryStore(_time), _time);

    public async Task InitializeAsync()
    {
        _lease = await LeaseKeeper.GrantAsync(_store, TimeToLive, _time, default);
        await _store.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText("k", "", _lease.LeaseId)] });
    }

    public async Task DisposeAsync()
    {
        await _lease.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task Rule9_StoreThere_LivesForEver()
    {
        for (var i = 0; i < 20; i++)
        {
            // Each renewal must come before the next second passes without one for longer than a third.
            await _time.AdvanceUntilAsync(() => _lease.Remaining < TimeToLive, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3));
            await _time.AdvanceUntilAsync(() => _lease.Remaining == TimeToLive, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8));
        }
        Assert.False(_lease.Lost.IsCompleted);
        Assert.Single((await _store.ReadAsync(["k"])).Entries);
    }

    [Fact]
    public async Task Rule9_TimeToLiveGone_SaysSo()
    {
        await _store.LoseLeaseAsync(_lease.LeaseId);
        await _time.AdvanceUntilAsync(() => _lease.Lost.IsCompleted, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Rule9_StoreAway_RemainingRunsDownWithoutBeingLost()
    {
        _store.Partition();
        await _time.AdvanceUntilAsync(() => _lease.Remaining <= TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        Assert.False(_lease.Lost.IsCompleted);
        _store.Heal();
        await _time.AdvanceUntilAsync(() => _lease.Lost.IsCompleted, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Rule9_LostAcknowledgements_AreRetriedBeforeTheEnd()
    {
        _store.LoseAcknowledgements(StoreCalls.RenewLease, count: 3);
        var seen = _lease.Remaining;
        await _time.AdvanceUntilAsync(
            () =>
            {
                var renewed = _lease.Remaining > seen;
                seen = _lease.Remaining;
                return renewed;
            },
            TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(14));
        Assert.False(_lease.Lost.IsCompleted);
    }

    [Fact]
    public async Task Rule9_AnswerLongUnderWay_CountsFromTheSending()
    {
        var hooked = new HookedStore(_store);
        await using var lease = await LeaseKeeper.GrantAsync(hooked, TimeToLive, _time, default);
        var (asked, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        hooked.AfterRenewal = () =>
        {
            asked.TrySetResult();
            return release.Task;
        };
        _time.Advance(TimeToLive / 3);
        await asked.Task.Within();
        _time.Advance(TimeSpan.FromSeconds(4));
        release.SetResult();
        // Whatever it becomes, it must never look younger than the sending, which time only makes older.
        var sentAt = TimeToLive / 3;
        await _time.AdvanceUntilAsync(() => lease.Remaining > TimeToLive - _time.Elapsed, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
        Assert.Equal(TimeToLive - (_time.Elapsed - sentAt), lease.Remaining);
    }

    [Fact]
    public async Task Dispose_StoreThere_RevokesAtOnce()
    {
        await _lease.DisposeAsync();
        Assert.Empty((await _store.ReadAsync(["k"])).Entries);
    }

    [Fact]
    public async Task Dispose_StoreAway_EndsInPeace()
    {
        _store.Partition();
        await _lease.DisposeAsync().AsTask().Within();
        _store.Heal();
        Assert.Single((await _store.ReadAsync(["k"])).Entries);
    }
}
