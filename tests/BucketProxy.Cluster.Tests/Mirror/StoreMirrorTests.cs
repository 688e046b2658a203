using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Testing;
using static BucketProxy.Cluster.Tests.Mirror.MirrorFixture;

namespace BucketProxy.Cluster.Tests.Mirror;

/// <summary>Snapshot, then watch; named after the rules of the design.</summary>
public sealed class StoreMirrorTests : IAsyncLifetime
{
    private readonly MirrorFixture _m = new();

    public Task InitializeAsync() => _m.StartAsync();

    public Task DisposeAsync() => _m.DisposeAsync().AsTask();

    [Fact]
    public async Task Rule1_SnapshotThenWatch_ViewIsOfTheRevisionOfTheLastChange()
    {
        Assert.Equal(_m.Memory.Revision, _m.Mirror.Current!.Revision);
        var revision = await _m.WriteAsync(Assign(5, 3));
        var view = await _m.ViewAsync(v => v.Revision == revision);
        Assert.Equal(new Grant(Id(3), revision), view.Assignments[new Bucket(5)]);
    }

    [Fact]
    public async Task Rule1_ChangeBetweenSnapshotAndWatch_IsNotLost()
    {
        var written = 0L;
        _m.Store.AfterRead = async _ =>
        {
            _m.Store.AfterRead = null;
            written = await _m.WriteAsync(Assign(5, 3));
        };
        _m.Faults.BreakWatches();
        await _m.UntilAsync(() => written > 0 && _m.OwnerOf(5) == Id(3));
    }

    [Fact]
    public async Task Rule3_ChangesOfOthersOnly_LeaveTheViewAlone()
    {
        var before = _m.Mirror.Current;
        await _m.WriteAsync(StoreOperation.PutText("somebody/else", "x"));
        await _m.RereadsAsync(2);
        Assert.Same(before, _m.Mirror.Current);
        Assert.Equal(_m.Memory.Revision, _m.Mirror.Seen!.Revision);
        Assert.Equal(0, _m.Mirror.Status.WedgedWatches);
    }

    [Fact]
    public async Task Rule5_BrokenWatch_IsOpenedAgainAndNothingIsLost()
    {
        for (var i = 1; i <= 5; i++)
        {
            var owner = 1 + (i + 1) % 3;
            _m.Faults.BreakWatches();
            await _m.WriteAsync(Assign(5, owner));
            await _m.UntilAsync(() => _m.OwnerOf(5) == Id(owner) && _m.Faults.WatchesOpened == i + 1);
        }
        Assert.Equal(5, _m.Mirror.Status.WatchRestarts);
        Assert.Equal(0, _m.Mirror.Status.WedgedWatches);
    }

    [Fact]
    public async Task Rule5_StoreAwayForLong_ViewStaysAndCatchesUp()
    {
        var before = _m.Mirror.Current;
        _m.Faults.Partition();
        await _m.WriteAsync(Assign(5, 3));
        await _m.Time.AdvanceUntilAsync(() => _m.Mirror.Status.Age > TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        Assert.Same(before, _m.Mirror.Current);
        Assert.False(_m.Mirror.Status.Connected);
        Assert.Contains("network is cut", _m.Mirror.Status.LastError, StringComparison.Ordinal);
        _m.Faults.Heal();
        await _m.UntilAsync(() => _m.OwnerOf(5) == Id(3));
        await _m.UntilAsync(() => _m.Mirror.Status is { Connected: true, LastError: null });
    }

    [Fact]
    public async Task Follow_StoreStaysAway_IsAskedLessAndLess()
    {
        _m.Faults.Partition();
        var (reads, since) = (_m.Store.Reads, _m.Time.Elapsed);

        await _m.UntilAsync(() => _m.Store.Reads >= reads + 30);

        // With the first pause each time it would take 2 s.
        Assert.True(_m.Time.Elapsed - since > TimeSpan.FromSeconds(20), $"30 reads in {_m.Time.Elapsed - since}");
    }

    [Fact]
    public async Task Follow_WatchThatLastedBreaks_IsOpenedAgainAtOnce()
    {
        _m.Time.Advance(new MirrorOptions().MaxBackoff * 2);

        _m.Faults.BreakWatches();

        // The clock stands.
        await Patience.UntilAsync(() => _m.Faults is { OpenWatches: 1, WatchesOpened: 2 }, "a second watch");
    }

    [Fact]
    public async Task Watch_DuplicateBatch_ChangesNothing()
    {
        _m.Faults.DuplicateNextBatch();
        await _m.WriteAsync(Assign(5, 3));
        var view = await _m.ViewAsync(v => v.Assignments[new Bucket(5)].Owner == Id(3));
        var last = await _m.WriteAsync(Assign(6, 3));
        await _m.ViewAsync(v => v.Revision == last);
        Assert.Equal(view.Assignments[new Bucket(5)], _m.Mirror.Current!.Assignments[new Bucket(5)]);
    }

    [Fact]
    public async Task Follow_StoreWithADefect_GoesOn()
    {
        _m.Store.AfterRead = _ =>
        {
            _m.Store.AfterRead = null;
            throw new InvalidOperationException("a defect");
        };
        _m.Faults.BreakWatches();
        await _m.WriteAsync(Assign(5, 3));
        await _m.UntilAsync(() => _m.OwnerOf(5) == Id(3));
    }

    [Fact]
    public async Task Follow_ValueThatCannotBeRead_KeepsTheLastGoodOneThroughANewSnapshot()
    {
        var good = _m.OwnerOf(5);
        var revision = await _m.WriteAsync(StoreOperation.PutText(Schema.Assignment(new Bucket(5)), "nonsense"));
        await _m.ViewAsync(v => v.Problems.ContainsKey("assign-05"));
        _m.Faults.Partition();
        _m.Faults.Compact(_m.Memory.Revision);
        _m.Faults.Heal();
        await _m.WriteAsync(Assign(6, 3));
        await _m.UntilAsync(() => _m.OwnerOf(6) == Id(3));
        Assert.Equal(good, _m.OwnerOf(5));
        Assert.Equal(revision, _m.Mirror.Current!.Problems["assign-05"].ModRevision);
    }
}
