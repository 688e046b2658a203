using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Testing;
using BucketProxy.Monitor.Leading;
using BucketProxy.Monitor.Options;
using BucketProxy.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Monitor.Tests.Leading;

public sealed class CampaignTests
{
    private static readonly KeySchema Keys = new();

    [Fact]
    public async Task WinAsync_TwoMonitors_OneLeadsAndTheOtherFollowsWhenItResigns()
    {
        await using var world = new World();
        var first = await world.WinAsync("m1");
        var second = world.Campaign("m2").WinAsync(default);
        await world.LetRunAsync(5);
        Assert.False(second.IsCompleted);
        Assert.Equal("m1", world.Mirror.Current!.Leader!.Instance);

        await first.DisposeAsync();
        await world.UntilAsync(() => second.IsCompleted);
        await using var term = await second;
        Assert.True(term.Revision > first.Revision);
    }

    [Fact]
    public async Task Remaining_RenewalsDoNotArrive_RunsOutBeforeTheLeaseCouldEnd()
    {
        await using var world = new World();
        await using var term = await world.WinAsync("m1");
        await world.LetRunAsync(60);
        Assert.True(term.Remaining > TimeSpan.Zero);

        world.Store.Partition();
        var since = world.Time.Elapsed;
        await world.UntilAsync(() => term.Remaining <= TimeSpan.Zero);
        // The lease lives for 10 s from the last renewal that was sent; 3 s before its end the leader stops.
        Assert.True(world.Time.Elapsed - since <= TimeSpan.FromSeconds(7.1));
        world.Store.Heal();
    }

    [Fact]
    public async Task Remaining_LeaseLostEarly_IsZeroOnceTheStoreSaysSo()
    {
        await using var world = new World();
        await using var term = await world.WinAsync("m1");
        await world.UntilAsync(() => world.Mirror.Current?.Leader is not null);
        var entry = (await world.Store.ReadAsync([Keys.Leader])).Entries[0];
        await world.Store.LoseLeaseAsync(entry.LeaseId);
        await world.UntilAsync(() => term.Lost.IsCompleted);
        Assert.Equal(TimeSpan.Zero, term.Remaining);
    }

    [Fact]
    public async Task WinAsync_AcknowledgementLost_LeavesNoLeaderBehindThatDoesNotLead()
    {
        await using var world = new World();
        await world.UntilAsync(() => world.Mirror.Current is not null);
        world.Store.LoseAcknowledgements(StoreCalls.Commit);
        await using var term = await world.WinAsync("m1");
        var entry = (await world.Store.ReadAsync([Keys.Leader])).Entries[0];
        Assert.Equal(term.Revision, entry.CreateRevision);
    }

    private sealed class World : IAsyncDisposable
    {
        public World()
        {
            Store = new FaultInjectingStore(new MemoryStore(Time), Time);
            Mirror = new StoreMirror(Store, Keys, new MirrorOptions(), Time, NullLogger<StoreMirror>.Instance);
            Mirror.Start();
        }

        public FakeTimeProvider Time { get; } = new();

        public FaultInjectingStore Store { get; }

        public StoreMirror Mirror { get; }

        public Campaign Campaign(string instance) =>
            new(Store, Keys, Mirror, new MonitorOptions { Instance = instance }, Time, NullLogger.Instance);

        public async Task<LeaderTerm> WinAsync(string instance)
        {
            var win = Campaign(instance).WinAsync(default);
            await UntilAsync(() => win.IsCompleted);
            return await win;
        }

        public Task UntilAsync(Func<bool> condition) =>
            Time.AdvanceUntilAsync(condition, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(2));

        public Task LetRunAsync(double seconds)
        {
            var end = Time.Elapsed + TimeSpan.FromSeconds(seconds);
            return Time.AdvanceUntilAsync(() => Time.Elapsed >= end, TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(10));
        }

        public async ValueTask DisposeAsync()
        {
            await Mirror.DisposeAsync();
            await Store.DisposeAsync();
        }
    }
}
