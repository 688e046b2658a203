using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Auditing;
using BucketProxy.Monitor.Executing;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Telemetry;
using BucketProxy.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Monitor.Tests.Executing;

public sealed class ActionRunnerTests
{
    private static readonly KeySchema Keys = new();

    [Fact]
    public async Task Start_Write_SaysThatItWasAppliedAndAtWhichRevision()
    {
        await using var world = new World();
        var ended = await world.RunAsync(Put("a"));
        Assert.Equal(new WriteEnded("a", (await world.Store.ReadAsync(["a"])).Revision, true), ended);
    }

    [Fact]
    public async Task Start_ComparisonDoesNotHold_SaysThatItWasNotApplied()
    {
        await using var world = new World();
        var ended = await world.RunAsync(Put("a", Comparison.Exists("b")));
        Assert.False(Assert.IsType<WriteEnded>(ended).Applied);
    }

    [Fact]
    public async Task Start_AcknowledgementLost_ReadsTheStoreAndClaimsNothing()
    {
        await using var world = new World();
        world.Store.LoseAcknowledgements(StoreCalls.Commit);
        world.Store.LoseRequests(StoreCalls.Read, 3);
        var ended = await world.RunAsync(Put("a"));
        Assert.Equal(new WriteEnded("a", 0, false), ended);
        // The read went through before it was said to have ended, and the write was not sent again.
        Assert.Equal(1, Assert.Single((await world.Store.ReadAsync(["a"])).Entries).Version);
    }

    [Fact]
    public async Task Start_StoreRefuses_SaysThatItWasNotApplied()
    {
        await using var world = new World();
        var twice = new StoreTransaction { Success = [StoreOperation.PutText("a", "1"), StoreOperation.PutText("a", "2")] };
        Assert.Equal(new WriteEnded("a", 0, false), await world.RunAsync(new WriteAction("a", twice, "twice")));
    }

    [Fact]
    public async Task Start_ListOfProxies_IsReadLinearizablyWithItsRevision()
    {
        await using var world = new World();
        await world.Store.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText(Keys.Proxy("p1"), "{}")] });
        await world.Store.FreezeReadsAsync();
        await world.Store.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText(Keys.Proxy("p2"), "{}")] });
        var list = Assert.IsType<ProxiesListed>(await world.RunAsync(new ListProxiesAction()));
        Assert.Equal(["p1", "p2"], list.Instances.ToArray());
    }

    [Fact]
    public async Task DisposeAsync_WithActionsUnderWay_EndsThemWithoutAnEvent()
    {
        var world = new World();
        world.Store.Partition();
        world.Runner.Start(new ListProxiesAction());
        world.Runner.Start(new CallReleaseAction("dtable-server-a", "http://127.0.0.1:1", new Bucket(0), null, 1, 1, TimeSpan.FromHours(1)));
        await world.DisposeAsync();
        Assert.Empty(world.Runner.Take());
    }

    [Theory]
    [InlineData(AuditRecord.Move, true, "outcome=done,reason=drain")]
    [InlineData(AuditRecord.Abort, true, "outcome=aborted,reason=drain")]
    [InlineData(AuditRecord.Move, false, null)]
    public async Task Start_WriteThatEndsAMove_CountedWhenItIsInTheStore(string what, bool applies, string? counted)
    {
        await using var world = new World();
        var record = new AuditRecord { At = default, By = "m1", What = what, Reason = MoveReason.Drain, Phases = new MovePhases(1, 2, 3, 6) };

        await world.RunAsync(Put("a", applies ? [] : [Comparison.Exists("b")]) with { Ends = record });

        Assert.Equal(counted is null ? [] : [counted], world.Figures.Now("bucketproxy.moves").Where(m => m.Value == 1).Select(m => m.Key));
        Assert.Equal(applies ? 4 : 0, world.Figures.Recorded("bucketproxy.move.phase.duration").Count);
    }

    private static WriteAction Put(string key, params Comparison[] comparisons) =>
        new(key, new StoreTransaction { Comparisons = comparisons, Success = [StoreOperation.PutText(key, "x")] }, "test");

    private sealed class World : IAsyncDisposable
    {
        private readonly NodeCalls _nodes;
        private readonly MonitorMetrics _metrics;

        public World()
        {
            _metrics = new MonitorMetrics(Figures);
            Store = new FaultInjectingStore(new MemoryStore(Time), Time);
            _nodes = new NodeCalls(new NodeCallOptions(), Time);
            Runner = new ActionRunner(Store, Keys, _nodes, Time, NullLogger.Instance, _metrics, default);
        }

        public FakeTimeProvider Time { get; } = new();

        public Figures Figures { get; } = new();

        public FaultInjectingStore Store { get; }

        public ActionRunner Runner { get; }

        public async Task<MonitorEvent> RunAsync(MonitorAction action)
        {
            Runner.Start(action);
            var ended = Runner.WaitAsync(default);
            await Time.AdvanceUntilAsync(() => ended.IsCompleted, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
            return Assert.Single(Runner.Take());
        }

        public async ValueTask DisposeAsync()
        {
            await Runner.DisposeAsync();
            _nodes.Dispose();
            _metrics.Dispose();
            Figures.Dispose();
            await Store.DisposeAsync();
        }
    }
}
