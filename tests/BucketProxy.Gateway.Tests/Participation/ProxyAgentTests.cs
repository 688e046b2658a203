using System.Collections.Concurrent;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Participation;
using BucketProxy.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Gateway.Tests.Participation;

public sealed class ProxyAgentTests : IAsyncLifetime
{
    private static readonly KeySchema Keys = new();
    private static readonly Bucket B = new(0x0f);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly FakeTimeProvider _time = new();
    private readonly MemoryStore _memory;
    private readonly FaultInjectingStore _store;
    private readonly StoreMirror _mirror;
    private readonly CurrentTable _table = new();
    private readonly FakeTraffic _traffic;
    private ProxyAgent? _agent;

    public ProxyAgentTests()
    {
        _memory = new MemoryStore(_time);
        _store = new FaultInjectingStore(_memory, _time);
        _mirror = new StoreMirror(_store, Keys, new MirrorOptions(), _time, NullLogger<StoreMirror>.Instance);
        _traffic = new FakeTraffic(_table);
    }

    public async Task InitializeAsync()
    {
        await PutAsync(Keys.Node("dtable-server-01"), """{"local_node_url": "http://127.0.0.1:7001/", "node_url": "https://one.example.com/"}""");
        await PutAsync(Keys.Node("dtable-server-02"), """{"local_node_url": "http://127.0.0.1:7002/", "node_url": "https://two.example.com/"}""");
        foreach (var bucket in Bucket.All)
            await PutAsync(Keys.Assignment(bucket), "dtable-server-01");
    }

    public async Task DisposeAsync()
    {
        if (_agent is not null)
            await _agent.DisposeAsync();
        await _mirror.DisposeAsync();
        await _store.DisposeAsync();
    }

    private async Task StartAsync(StoreLossMode mode = StoreLossMode.Serve, params string[] predecessors)
    {
        Start(mode, predecessors);
        await UntilAsync(() => _table.Table[B].State == EntryState.Open);
    }

    private void Start(StoreLossMode mode, string[] predecessors)
    {
        _agent = new ProxyAgent(
            _store, Keys, _mirror, _table, _traffic,
            new ProxyAgentOptions { Instance = "p1", OnStoreLoss = mode, LoadInterval = TimeSpan.Zero, Predecessors = predecessors },
            _time, NullLogger<ProxyAgent>.Instance);
        _mirror.Start();
        _agent.Start();
    }

    private Task UntilAsync(Func<bool> condition) => _time.AdvanceUntilAsync(condition, Step, Limit);

    private Task UntilAsync(Func<Task<bool>> condition) => _time.AdvanceUntilAsync(condition, Step, Limit);

    private Task PutAsync(string key, string text) =>
        _store.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText(key, text)] });

    private Task DeleteAsync(string key) =>
        _store.CommitAsync(new StoreTransaction { Success = [StoreOperation.DeleteKey(key)] });

    // From the store behind the faults.
    private async Task<StoreEntry?> GetAsync(string key) => (await _memory.ReadAsync([key])).Entries.FirstOrDefault(e => e.Key == key);

    private async Task<ProxyRecord?> RecordAsync(string instance = "p1") =>
        await GetAsync(Keys.Proxy(instance)) is { } entry ? RecordJson.Read<ProxyRecord>(entry.Value.Span) : null;

    private Task UntilRecordAsync(Func<ProxyRecord?, bool> condition) => UntilAsync(async () => condition(await RecordAsync()));

    private async Task<long> MoveAsync(Bucket bucket, string to = "dtable-server-02")
    {
        await PutAsync(Keys.Move(bucket), RecordJson.Write(new MoveRecord { From = "dtable-server-01", To = to, Phase = MovePhase.Quiesce }));
        return (await GetAsync(Keys.Move(bucket)))!.CreateRevision;
    }

    [Fact]
    public async Task Start_RegistersBeforeItServes()
    {
        await StartAsync();
        Assert.NotNull(await RecordAsync());
        Assert.NotNull(await GetAsync(Keys.Alive("p1")));
        Assert.True(_table.Table.Revision >= (await GetAsync(Keys.Proxy("p1")))!.CreateRevision);
        Assert.Equal(ProxyPhase.Serving, _agent!.Phase);
    }

    [Fact]
    public async Task Start_WithAPredecessor_TakesItsRecordOutInTheSameWrite()
    {
        await PutAsync(Keys.Proxy("old"), "{}");
        await StartAsync(StoreLossMode.Serve, "old");
        Assert.Null(await RecordAsync("old"));
    }

    [Fact]
    public async Task Start_FromDisk_KeepsItsPredecessorWhileAnOlderMoveMayHaveRequestsByThatTable()
    {
        await PutAsync(Keys.Proxy("old"), "{}");
        var view = new ViewBuilder(Keys).Apply(null, 0xB0C, _memory.Revision, (await _memory.ReadAsync([""])).Entries.Select(e => new WatchEvent(e.Key, e.ModRevision, e)));
        var seen = RoutingTableBuilder.Build(_table.Table, view);
        _table.Publish(new RoutingTable(seen.ClusterId, seen.Revision, seen.Buckets, seen.Pins, seen.Nodes.Values, stale: true));
        var move = await MoveAsync(B);
        _traffic.Busy[B] = "one import";

        Start(StoreLossMode.Serve, ["old"]);
        await UntilAsync(() => _table.Table[B].State == EntryState.Moving);
        await UntilRecordAsync(r => r?.Busy.GetValueOrDefault("0f") == "one import");
        // The move's list of proxies names the predecessor alone: without its record nobody would wait for the import.
        Assert.NotNull(await RecordAsync("old"));
        Assert.False(_agent!.Serving.IsCompleted);

        _traffic.End(B);
        await UntilAsync(async () => await RecordAsync("old") is null);
        await UntilRecordAsync(r => r?.Silent.GetValueOrDefault("0f") == move);
        await UntilAsync(() => _agent.Serving.IsCompleted);
    }

    [Fact]
    public async Task Move_WithNothingInFlight_IsHeldAndReportedSilent()
    {
        await StartAsync();
        var move = await MoveAsync(B);
        await UntilRecordAsync(r => r?.Silent.GetValueOrDefault("0f") == move);
        Assert.Equal(EntryState.Moving, _table.Table[B].State);
        Assert.Equal(EntryState.Open, _table.Table[new Bucket(0x10)].State);
    }

    [Fact]
    public async Task Move_WithARequestInFlight_IsReportedOnlyAfterItsEnd_AndNamedMeanwhile()
    {
        await StartAsync();
        _traffic.Busy[B] = "one import";
        var move = await MoveAsync(B);
        await UntilRecordAsync(r => r?.Busy.GetValueOrDefault("0f") == "one import");
        Assert.False((await RecordAsync())!.Silent.ContainsKey("0f"));

        _traffic.End(B);
        await UntilRecordAsync(r => r?.Silent.GetValueOrDefault("0f") == move);
        await UntilRecordAsync(r => r!.Busy.IsEmpty);
    }

    [Fact]
    public async Task Move_AfterAnAbortedOne_IsReportedByItsOwnRevision()
    {
        await StartAsync();
        var first = await MoveAsync(B);
        await UntilRecordAsync(r => r?.Silent.GetValueOrDefault("0f") == first);
        await DeleteAsync(Keys.Move(B));
        await UntilRecordAsync(r => _table.Table[B].State == EntryState.Open && r!.Silent.IsEmpty);

        _traffic.Busy[B] = "one import";
        var second = await MoveAsync(B);
        await UntilAsync(() => _table.Table[B].State == EntryState.Moving);
        Assert.False((await RecordAsync())!.Silent.ContainsKey("0f"));
        _traffic.End(B);
        await UntilRecordAsync(r => r?.Silent.GetValueOrDefault("0f") == second);
    }

    [Fact]
    public async Task Report_WhoseAcknowledgementIsLost_IsWrittenAgain()
    {
        await StartAsync();
        _store.LoseAcknowledgements(StoreCalls.Commit, 2);
        await PutLosingAckAsync();
        await UntilRecordAsync(r => r?.Silent.ContainsKey("0f") == true);
    }

    private async Task PutLosingAckAsync()
    {
        try
        {
            await MoveAsync(B);
        }
        catch (StoreUnavailableException)
        {
            // The first of the two lost acknowledgements; the report meets the second.
        }
    }

    [Fact]
    public async Task StoreAway_AndServe_GoesOnByItsTable()
    {
        await StartAsync();
        _store.Partition();
        _time.Advance(TimeSpan.FromMinutes(1));
        await UntilAsync(() => _agent!.LeaseRemaining is null or { Ticks: <= 0 });
        Assert.Equal(EntryState.Open, _table.Table[B].State);
        Assert.False(_traffic.Aborted);

        _store.Heal();
        await UntilAsync(async () => await GetAsync(Keys.Alive("p1")) is not null && _agent!.LeaseRemaining > TimeSpan.Zero);
    }

    [Fact]
    public async Task StoreAway_AndFence_StopsEverythingBeforeItsLeaseCouldEnd_AndComesBack()
    {
        await StartAsync(StoreLossMode.Fence);
        TimeSpan? left = null;
        _traffic.OnAbort = () => left = _agent!.LeaseRemaining;
        _store.Partition();
        await UntilAsync(() => _traffic.Aborted);
        Assert.True(left > TimeSpan.Zero, $"{left} of the lease was left");
        Assert.All(_table.Table.Buckets, e => Assert.NotEqual(EntryState.Open, e.State));

        // While it was away its lease ended, and a move was granted without it.
        _time.Advance(TimeSpan.FromMinutes(1));
        _store.Heal();
        await PutAsync(Keys.Assignment(B), "dtable-server-02");
        await UntilAsync(() => _table.Table[B].State == EntryState.Open);
        Assert.Equal("dtable-server-02", _table.Table[B].Owner!.Id);
    }

    [Fact]
    public async Task LeaseLost_AndFence_NewLeaseWithoutAnAliveKey_ServesNothing()
    {
        await StartAsync(StoreLossMode.Fence);
        // The new lease is granted, but the write that puts the key under it is lost, and those that try it again.
        var alive = (await GetAsync(Keys.Alive("p1")))!;
        var grants = 0;
        _store.LoseRequests(StoreCalls.Commit, 20);
        await _store.LoseLeaseAsync(alive.LeaseId);
        await UntilAsync(() => _traffic.Aborted);
        await UntilAsync(async () =>
        {
            var known = await GetAsync(Keys.Alive("p1")) is not null;
            if (!known && _agent!.LeaseRemaining > TimeSpan.Zero)
            {
                grants++;
                // S3: monitors count it as silent a time to live after its key went.
                Assert.All(_table.Table.Buckets, e => Assert.NotEqual(EntryState.Open, e.State));
            }
            return known && _table.Table[B].State == EntryState.Open;
        });
        Assert.True(grants > 0, "the new lease was never there before its key");
    }

    [Fact]
    public async Task Forgotten_StopsEverything_RegistersAnew_AndReadsBeforeItServes()
    {
        await StartAsync();
        var before = _table.Table;
        await DeleteAsync(Keys.Proxy("p1"));
        await UntilAsync(() => _traffic.Aborted);
        await UntilRecordAsync(r => r is not null && _table.Table[B].State == EntryState.Open);
        Assert.NotSame(before[B], _table.Table[B]);
        Assert.True(_table.Table.Revision >= (await GetAsync(Keys.Proxy("p1")))!.CreateRevision);
    }

    [Fact]
    public async Task Dispose_TakesItOutOfTheCluster()
    {
        await StartAsync();
        await _agent!.DisposeAsync();
        Assert.Null(await RecordAsync());
        Assert.Null(await GetAsync(Keys.Alive("p1")));
        _agent = null;
    }

    [Fact]
    public async Task BrokenSilence_TrafficUnderAReportedSilence_IsFoundWhileTheMoveStands()
    {
        await StartAsync();
        var move = await MoveAsync(B);
        await UntilRecordAsync(r => r?.Silent.GetValueOrDefault(B.ToString()) == move);
        // The store has it; the agent learns of that next.
        await UntilAsync(() =>
        {
            _traffic.Busy[B] = "one request that should not be";
            return _agent!.BrokenSilence() is not null;
        });
        Assert.Contains("one request that should not be", _agent!.BrokenSilence(), StringComparison.Ordinal);

        await DeleteAsync(Keys.Move(B));
        await UntilAsync(() => _table.Table[B].State == EntryState.Open);
        Assert.Null(_agent.BrokenSilence());
    }

    [Fact]
    public async Task BrokenSilence_BusyBeforeItReported_IsNone()
    {
        await StartAsync();
        _traffic.Busy[B] = "one import";
        await MoveAsync(B);
        await UntilAsync(() => _table.Table[B].State == EntryState.Moving);
        Assert.Null(_agent!.BrokenSilence());
    }

    private sealed class FakeTraffic(CurrentTable table) : IProxyTraffic
    {
        private readonly ConcurrentDictionary<Bucket, TaskCompletionSource> _ends = [];

        public ConcurrentDictionary<Bucket, string> Busy { get; } = [];

        public bool Aborted { get; private set; }

        public Action? OnAbort { get; set; }

        public void End(Bucket bucket)
        {
            Busy.TryRemove(bucket, out _);
            if (_ends.TryRemove(bucket, out var end))
                end.SetResult();
        }

        public Task WhenSilentAsync(Bucket bucket, BasePrefix? pin, CancellationToken cancellationToken)
        {
            Assert.NotEqual(EntryState.Open, table.Table[bucket].State);
            var end = _ends.GetOrAdd(bucket, _ => new TaskCompletionSource());
            // Looked at after it is there to be ended: an end in between would be missed.
            return Busy.ContainsKey(bucket) ? end.Task.WaitAsync(cancellationToken) : Task.CompletedTask;
        }

        public string? BusyWith(Bucket bucket, BasePrefix? pin) => Busy.GetValueOrDefault(bucket);

        public void AbortAll()
        {
            Assert.All(table.Table.Buckets, e => Assert.NotEqual(EntryState.Open, e.State));
            OnAbort?.Invoke();
            Aborted = true;
        }

        public LoadReport TakeLoad() => new();
    }
}
