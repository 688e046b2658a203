using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Participation;
using static BucketProxy.Gateway.Tests.Participation.AgentFixture;

namespace BucketProxy.Gateway.Tests.Participation;

public sealed class ProxyAgentTests : IAsyncLifetime
{
    private readonly AgentFixture _a = new();

    public Task InitializeAsync() => _a.FillStoreAsync();

    public Task DisposeAsync() => _a.DisposeAsync().AsTask();

    [Fact]
    public async Task Start_RegistersBeforeItServes()
    {
        await _a.StartAsync();
        Assert.NotNull(await _a.RecordAsync());
        Assert.NotNull(await _a.GetAsync(Keys.Alive("p1")));
        Assert.True(_a.Table.Revision >= (await _a.GetAsync(Keys.Proxy("p1")))!.CreateRevision);
        Assert.Equal(ProxyPhase.Serving, _a.Agent.Phase);
    }

    [Fact]
    public async Task Start_WithAPredecessor_TakesItsRecordOutInTheSameWrite()
    {
        await _a.PutAsync(Keys.Proxy("old"), "{}");
        await _a.StartAsync(StoreLossMode.Serve, "old");
        Assert.Null(await _a.RecordAsync("old"));
    }

    [Fact]
    public async Task Start_FromDisk_KeepsItsPredecessorWhileAnOlderMoveMayHaveRequestsByThatTable()
    {
        await _a.PutAsync(Keys.Proxy("old"), "{}");
        var view = new ViewBuilder(Keys).Apply(null, 0xB0C, _a.Memory.Revision, (await _a.Memory.ReadAsync([""])).Entries.Select(e => new WatchEvent(e.Key, e.ModRevision, e)));
        var seen = RoutingTableBuilder.Build(_a.Table, view);
        _a.Current.Publish(new RoutingTable(seen.ClusterId, seen.Revision, seen.Buckets, seen.Pins, seen.Nodes.Values, stale: true));
        var move = await _a.MoveAsync(B);
        _a.Traffic.Busy[B] = "one import";

        _a.Start(StoreLossMode.Serve, ["old"]);
        await _a.UntilAsync(() => _a.Table[B].State == EntryState.Moving);
        await _a.UntilRecordAsync(r => r?.Busy.GetValueOrDefault("0f") == "one import");
        // The move's list of proxies names the predecessor alone: without its record nobody would wait for the import.
        Assert.NotNull(await _a.RecordAsync("old"));
        Assert.False(_a.Agent.Serving.IsCompleted);

        _a.Traffic.End(B);
        await _a.UntilAsync(async () => await _a.RecordAsync("old") is null);
        await _a.UntilRecordAsync(r => r?.Silent.GetValueOrDefault("0f") == move);
        await _a.UntilAsync(() => _a.Agent.Serving.IsCompleted);
    }

    [Fact]
    public async Task Move_WithNothingInFlight_IsHeldAndReportedSilent()
    {
        await _a.StartAsync();
        var move = await _a.MoveAsync(B);
        await _a.UntilRecordAsync(r => r?.Silent.GetValueOrDefault("0f") == move);
        Assert.Equal(EntryState.Moving, _a.Table[B].State);
        Assert.Equal(EntryState.Open, _a.Table[new Bucket(0x10)].State);
    }

    [Fact]
    public async Task Move_WithARequestInFlight_IsReportedOnlyAfterItsEnd_AndNamedMeanwhile()
    {
        await _a.StartAsync();
        _a.Traffic.Busy[B] = "one import";
        var move = await _a.MoveAsync(B);
        await _a.UntilRecordAsync(r => r?.Busy.GetValueOrDefault("0f") == "one import");
        Assert.False((await _a.RecordAsync())!.Silent.ContainsKey("0f"));

        _a.Traffic.End(B);
        await _a.UntilRecordAsync(r => r?.Silent.GetValueOrDefault("0f") == move);
        await _a.UntilRecordAsync(r => r!.Busy.IsEmpty);
    }

    [Fact]
    public async Task Move_AfterAnAbortedOne_IsReportedByItsOwnRevision()
    {
        await _a.StartAsync();
        var first = await _a.MoveAsync(B);
        await _a.UntilRecordAsync(r => r?.Silent.GetValueOrDefault("0f") == first);
        await _a.DeleteAsync(Keys.Move(B));
        await _a.UntilRecordAsync(r => _a.Table[B].State == EntryState.Open && r!.Silent.IsEmpty);

        _a.Traffic.Busy[B] = "one import";
        var second = await _a.MoveAsync(B);
        await _a.UntilAsync(() => _a.Table[B].State == EntryState.Moving);
        Assert.False((await _a.RecordAsync())!.Silent.ContainsKey("0f"));
        _a.Traffic.End(B);
        await _a.UntilRecordAsync(r => r?.Silent.GetValueOrDefault("0f") == second);
    }

    [Fact]
    public async Task Report_WhoseAcknowledgementIsLost_IsWrittenAgain()
    {
        await _a.StartAsync();
        _a.Store.LoseAcknowledgements(StoreCalls.Commit, 2);
        await PutLosingAckAsync();
        await _a.UntilRecordAsync(r => r?.Silent.ContainsKey("0f") == true);
    }

    private async Task PutLosingAckAsync()
    {
        try
        {
            await _a.MoveAsync(B);
        }
        catch (StoreUnavailableException)
        {
            // The first of the two lost acknowledgements; the report meets the second.
        }
    }

    [Fact]
    public async Task Dispose_TakesItOutOfTheCluster()
    {
        await _a.StartAsync();
        await _a.StopAsync();
        Assert.Null(await _a.RecordAsync());
        Assert.Null(await _a.GetAsync(Keys.Alive("p1")));
    }

    [Fact]
    public async Task BrokenSilence_TrafficUnderAReportedSilence_IsFoundWhileTheMoveStands()
    {
        await _a.StartAsync();
        var move = await _a.MoveAsync(B);
        await _a.UntilRecordAsync(r => r?.Silent.GetValueOrDefault(B.ToString()) == move);
        // The store has it; the agent learns of that next.
        await _a.UntilAsync(() =>
        {
            _a.Traffic.Busy[B] = "one request that should not be";
            return _a.Agent.BrokenSilence() is not null;
        });
        Assert.Contains("one request that should not be", _a.Agent.BrokenSilence(), StringComparison.Ordinal);

        await _a.DeleteAsync(Keys.Move(B));
        await _a.UntilAsync(() => _a.Table[B].State == EntryState.Open);
        Assert.Null(_a.Agent.BrokenSilence());
    }

    [Fact]
    public async Task BrokenSilence_BusyBeforeItReported_IsNone()
    {
        await _a.StartAsync();
        _a.Traffic.Busy[B] = "one import";
        await _a.MoveAsync(B);
        await _a.UntilAsync(() => _a.Table[B].State == EntryState.Moving);
        Assert.Null(_a.Agent.BrokenSilence());
    }
}
