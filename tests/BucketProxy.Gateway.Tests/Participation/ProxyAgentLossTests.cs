using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Routing;
using static BucketProxy.Gateway.Tests.Participation.AgentFixture;

namespace BucketProxy.Gateway.Tests.Participation;

/// <summary>A proxy that loses the store, its lease or its record.</summary>
public sealed class ProxyAgentLossTests : IAsyncLifetime
{
    private readonly AgentFixture _a = new();

    public Task InitializeAsync() => _a.FillStoreAsync();

    public Task DisposeAsync() => _a.DisposeAsync().AsTask();

    [Fact]
    public async Task StoreAway_AndServe_GoesOnByItsTable()
    {
        await _a.StartAsync();
        _a.Store.Partition();
        _a.Time.Advance(TimeSpan.FromMinutes(1));
        await _a.UntilAsync(() => _a.Agent.LeaseRemaining is null or { Ticks: <= 0 });
        Assert.Equal(EntryState.Open, _a.Table[B].State);
        Assert.False(_a.Traffic.Aborted);

        _a.Store.Heal();
        await _a.UntilAsync(async () => await _a.GetAsync(Keys.Alive("p1")) is not null && _a.Agent.LeaseRemaining > TimeSpan.Zero);
    }

    [Fact]
    public async Task StoreAway_AndFence_StopsEverythingBeforeItsLeaseCouldEnd_AndComesBack()
    {
        await _a.StartAsync(StoreLossMode.Fence);
        TimeSpan? left = null;
        _a.Traffic.OnAbort = () => left = _a.Agent.LeaseRemaining;
        _a.Store.Partition();
        await _a.UntilAsync(() => _a.Traffic.Aborted);
        Assert.True(left > TimeSpan.Zero, $"{left} of the lease was left");
        Assert.All(_a.Table.Buckets, e => Assert.NotEqual(EntryState.Open, e.State));

        // While it was away its lease ended, and a move was granted without it.
        _a.Time.Advance(TimeSpan.FromMinutes(1));
        _a.Store.Heal();
        await _a.PutAsync(Keys.Assignment(B), "dtable-server-02");
        await _a.UntilAsync(() => _a.Table[B].State == EntryState.Open);
        Assert.Equal("dtable-server-02", _a.Table[B].Owner!.Id);
    }

    [Fact]
    public async Task LeaseLost_AndFence_NewLeaseWithoutAnAliveKey_ServesNothing()
    {
        await _a.StartAsync(StoreLossMode.Fence);
        // The new lease is granted, but the write that puts the key under it is lost, and those that try it again.
        var alive = (await _a.GetAsync(Keys.Alive("p1")))!;
        var grants = 0;
        _a.Store.LoseRequests(StoreCalls.Commit, 20);
        await _a.Store.LoseLeaseAsync(alive.LeaseId);
        await _a.UntilAsync(() => _a.Traffic.Aborted);
        await _a.UntilAsync(async () =>
        {
            var known = await _a.GetAsync(Keys.Alive("p1")) is not null;
            if (!known && _a.Agent.LeaseRemaining > TimeSpan.Zero)
            {
                grants++;
                // S3: monitors count it as silent a time to live after its key went.
                Assert.All(_a.Table.Buckets, e => Assert.NotEqual(EntryState.Open, e.State));
            }
            return known && _a.Table[B].State == EntryState.Open;
        });
        Assert.True(grants > 0, "the new lease was never there before its key");
    }

    [Fact]
    public async Task Forgotten_StopsEverything_RegistersAnew_AndReadsBeforeItServes()
    {
        await _a.StartAsync();
        var before = _a.Table;
        await _a.DeleteAsync(Keys.Proxy("p1"));
        await _a.UntilAsync(() => _a.Traffic.Aborted);
        await _a.UntilRecordAsync(r => r is not null && _a.Table[B].State == EntryState.Open);
        Assert.NotSame(before[B], _a.Table[B]);
        Assert.True(_a.Table.Revision >= (await _a.GetAsync(Keys.Proxy("p1")))!.CreateRevision);
    }
}
