using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Testing;
using static BucketProxy.Cluster.Tests.Mirror.MirrorFixture;

namespace BucketProxy.Cluster.Tests.Mirror;

/// <summary>Snapshot, watch, comparing reads; named after the rules and invariants of the design.</summary>
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
    public async Task Rule4_CompactedWhileAway_ReadsAnewAndNothingFlaps()
    {
        _m.Faults.Partition();
        await _m.WriteAsync(Assign(5, 3));
        await _m.WriteAsync(Unassign(6), Assign(7, 2));
        _m.ExpectsNoFlap = false; // bucket 6 really loses its owner
        _m.Faults.Compact(_m.Memory.Revision);
        var other = _m.Mirror.Current!.Assignments[new Bucket(8)];
        _m.Faults.Heal();
        await _m.UntilAsync(() => _m.OwnerOf(5) == Id(3));
        Assert.Null(_m.OwnerOf(6));
        Assert.Same(other, _m.Mirror.Current!.Assignments[new Bucket(8)]);
        await _m.UntilAsync(() => _m.Faults.OpenWatches == 1);
        await _m.WriteAsync(Assign(5, 1));
        await _m.ViewAsync(v => v.Assignments[new Bucket(5)].Owner == Id(1));
    }

    [Fact]
    public async Task Rule4_AnotherClusterId_IsNotAdoptedUntilItIsItselfAgain()
    {
        var before = _m.Mirror.Current;
        _m.Faults.PretendToBe(99);
        await _m.WriteAsync(Assign(5, 3));
        await _m.UntilAsync(() => _m.Mirror.Status.NotAdopted is not null);
        await _m.RereadsAsync(3);
        Assert.Contains("another store", _m.Mirror.Status.NotAdopted, StringComparison.Ordinal);
        Assert.Same(before, _m.Mirror.Current);
        _m.Faults.PretendToBe(null);
        await _m.UntilAsync(() => _m.OwnerOf(5) == Id(3));
        Assert.Null(_m.Mirror.Status.NotAdopted);
    }

    [Fact]
    public async Task Rule4_RevisionRanBackwards_IsNotAdoptedUntilAccepted()
    {
        var backup = await _m.Faults.TakeBackupAsync();
        await _m.WriteAsync(Assign(5, 3));
        var before = await _m.ViewAsync(v => v.Assignments[new Bucket(5)].Owner == Id(3));

        _m.Faults.Restore(backup);
        await _m.UntilAsync(() => _m.Mirror.Status.NotAdopted is not null);
        await _m.RereadsAsync(2);
        Assert.Contains("ran backwards", _m.Mirror.Status.NotAdopted, StringComparison.Ordinal);
        Assert.Same(before, _m.Mirror.Current);

        _m.ExpectsNoFlap = false;
        await _m.Mirror.AcceptStoreAsync(default).Within();
        await _m.UntilAsync(() => _m.Mirror.Status.NotAdopted is null && _m.Mirror.Status.Connected);
        Assert.NotEqual(Id(3), _m.OwnerOf(5));
        Assert.Equal(256, _m.Mirror.Current!.Assignments.Count);
    }

    [Fact]
    public async Task Rule4_WordAboutAnEarlierBackup_DoesNotCountForALaterOne()
    {
        _m.ExpectsNoFlap = false;
        var first = await _m.Faults.TakeBackupAsync();
        await _m.WriteAsync(Assign(5, 3));
        await _m.ViewAsync(v => v.Assignments[new Bucket(5)].Owner == Id(3));
        _m.Faults.Restore(first);
        await _m.UntilAsync(() => _m.Mirror.Status.NotAdopted is not null);
        await _m.Mirror.AcceptStoreAsync(default).Within();
        await _m.UntilAsync(() => _m.Mirror.Status.NotAdopted is null && _m.Mirror.Status.Connected);

        // The second backup holds the operator's word about the first.
        var second = await _m.Faults.TakeBackupAsync();
        await CommitAsync(Assign(6, 2));
        await _m.UntilAsync(() => _m.OwnerOf(6) == Id(2));
        await CommitAsync(Assign(6, 3));
        await _m.UntilAsync(() => _m.OwnerOf(6) == Id(3));
        var before = _m.Mirror.Current;
        _m.Faults.Restore(second);
        await _m.UntilAsync(() => _m.Mirror.Status.NotAdopted is not null);
        await _m.RereadsAsync(2);
        Assert.Same(before, _m.Mirror.Current);
    }

    [Fact]
    public async Task Rule4_RestoredAndWrittenFurtherWhileAway_IsNotAdopted()
    {
        var backup = await _m.Faults.TakeBackupAsync();
        await _m.WriteAsync(Assign(5, 3));
        await _m.WriteAsync(Assign(6, 3));
        var before = await _m.ViewAsync(v => v.Assignments[new Bucket(6)].Owner == Id(3));
        _m.Faults.Partition();
        _m.Faults.Restore(backup);
        _m.Faults.Heal();
        // Before the mirror comes again, the restored store is further than the one before ever was.
        for (var i = 0; i < 5; i++)
            await CommitAsync(Assign(7, 1 + i % 3));
        await _m.UntilAsync(() => _m.Mirror.Status.NotAdopted is not null);
        Assert.Contains("history", _m.Mirror.Status.NotAdopted, StringComparison.Ordinal);
        Assert.Same(before, _m.Mirror.Current);
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
    public async Task Rule7_S8_WedgedWatch_IsFoundByAReadAndOpenedAnew()
    {
        _m.Faults.WedgeWatches();
        await _m.WriteAsync(Assign(5, 3));
        await _m.UntilAsync(() => _m.OwnerOf(5) == Id(3));
        await _m.UntilAsync(() => _m.Mirror.Status.WedgedWatches == 1 && _m.Faults.WatchesOpened == 2 && _m.Faults.OpenWatches == 1);
        Assert.Equal(1, _m.Mirror.Status.WatchRestarts);
        // The new one delivers by itself.
        await _m.WriteAsync(Assign(5, 2));
        await _m.ViewAsync(v => v.Assignments[new Bucket(5)].Owner == Id(2));
    }

    [Fact]
    public async Task Rule7_S8_WedgedWatch_AgeNeverPassesFiveSeconds()
    {
        _m.Faults.WedgeWatches();
        for (var i = 0; i < 100; i++)
        {
            await _m.Time.AdvanceUntilAsync(() => _m.Mirror.Status.Age < TimeSpan.FromSeconds(4), TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1));
            _m.Time.Advance(TimeSpan.FromMilliseconds(200));
        }
    }

    [Fact]
    public async Task Rule7_OldMemberAnswersSerializableReads_ReadsAreLinearizable()
    {
        await _m.Faults.FreezeReadsAsync();
        _m.Faults.WedgeWatches();
        await _m.WriteAsync(Assign(5, 3));
        await _m.UntilAsync(() => _m.OwnerOf(5) == Id(3));
        Assert.Null(_m.Mirror.Status.NotAdopted);
    }

    [Fact]
    public async Task Rule7_DeleteThatAWedgedWatchKept_IsFoundByARead()
    {
        _m.ExpectsNoFlap = false;
        _m.Faults.WedgeWatches();
        await _m.WriteAsync(Unassign(5));
        await _m.UntilAsync(() => _m.OwnerOf(5) is null);
        await _m.UntilAsync(() => _m.Mirror.Status.WedgedWatches == 1);
    }

    [Fact]
    public async Task Rule7_MissingEvent_IsFoundByAReadAndTheWatchOpenedAnew()
    {
        _m.Faults.DropNextEvent(e => e.Key == Schema.Assignment(new Bucket(5)));
        await _m.WriteAsync(Assign(5, 3));
        var last = await _m.WriteAsync(Assign(6, 3));
        await _m.ViewAsync(v => v.Revision == last);
        Assert.NotEqual(Id(3), _m.OwnerOf(5));
        _m.ExpectsNoFlap = false; // the view of the same revision is mended
        await _m.UntilAsync(() => _m.OwnerOf(5) == Id(3));
        await _m.UntilAsync(() => _m.Mirror.Status.WedgedWatches == 1);
    }

    [Fact]
    public async Task Rule7_WatchAheadOfTheRead_IsNoFaultAndTheNewerStays()
    {
        _m.ExpectsNoFlap = false; // bucket 6 really loses its owner
        var overtaken = false;
        _m.Store.AfterRead = async _ =>
        {
            _m.Store.AfterRead = null;
            await _m.WriteAsync(Assign(5, 3), Unassign(6));
            var last = await _m.WriteAsync(Assign(7, 3));
            await _m.ViewAsync(v => v.Revision == last);
            overtaken = true;
        };
        await _m.UntilAsync(() => overtaken);
        await _m.RereadsAsync(1);
        Assert.True(_m.Mirror.Status is { NotAdopted: null, Connected: true });
        await _m.RereadsAsync(1);
        Assert.Equal((Id(3), null, Id(3)), (_m.OwnerOf(5), _m.OwnerOf(6), _m.OwnerOf(7)));
        Assert.Equal((0, 0), (_m.Mirror.Status.WedgedWatches, _m.Mirror.Status.WatchRestarts));
    }

    [Fact]
    public async Task Rule7_WatchThatLagsALittle_IsNotWedged()
    {
        var arrived = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        _m.Store.BeforeBatch = async _ =>
        {
            arrived.TrySetResult();
            await release.Task;
        };
        await _m.WriteAsync(Assign(5, 3));
        await arrived.Task.Within();
        await _m.UntilAsync(() => _m.OwnerOf(5) == Id(3)); // by the read
        release.SetResult();
        await _m.RereadsAsync(2);
        Assert.Equal((0, 0), (_m.Mirror.Status.WedgedWatches, _m.Mirror.Status.WatchRestarts));
    }

    [Fact]
    public async Task Rule7_OldBatchAfterANewerRead_DoesNotUndoIt()
    {
        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        var (release, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        _m.Store.BeforeBatch = async _ =>
        {
            var isFirst = first.TrySetResult();
            if (!isFirst)
                second.TrySetResult();
            await (isFirst ? release : end).Task;
        };
        await _m.WriteAsync(Assign(5, 3));
        await first.Task.Within();
        await _m.WriteAsync(Assign(5, 1));
        await _m.UntilAsync(() => _m.OwnerOf(5) == Id(1)); // by the read
        release.SetResult();
        await second.Task.Within(); // so the first was taken
        var owner = _m.OwnerOf(5);
        end.SetResult();
        Assert.Equal(Id(1), owner);
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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task S7_EmptiedStore_NeverReplacesAGoodView(bool wedged)
    {
        _m.ExpectsNoFlap = false; // the first half of the buckets really lose their owners
        var before = _m.Mirror.Current!;
        if (wedged)
            _m.Faults.WedgeWatches();
        for (var b = 0; b < Bucket.Count; b += 128)
            await _m.WriteAsync([.. Enumerable.Range(b, 128).Select(Unassign)]);
        await _m.UntilAsync(() => _m.Mirror.Status.NotAdopted is not null);
        Assert.Contains("no assignment", _m.Mirror.Status.NotAdopted, StringComparison.Ordinal);
        Assert.NotEmpty(_m.Mirror.Current!.Assignments);
        var revision = await _m.WriteAsync(Assign(5, 3));
        await _m.UntilAsync(() => _m.Mirror.Current!.Revision == revision);
        Assert.Null(_m.Mirror.Status.NotAdopted);
        Assert.NotSame(before, _m.Mirror.Current);
    }

    [Fact]
    public async Task S7_EmptiedStore_IsTakenOnceAccepted()
    {
        _m.ExpectsNoFlap = false; // the first half of the buckets really lose their owners
        for (var b = 0; b < Bucket.Count; b += 128)
            await _m.WriteAsync([.. Enumerable.Range(b, 128).Select(Unassign)]);
        await _m.UntilAsync(() => _m.Mirror.Status.NotAdopted is not null);
        await _m.Mirror.AcceptStoreAsync(default).Within();
        await _m.UntilAsync(() => _m.Mirror.Current!.Assignments.IsEmpty);
        Assert.Null(_m.Mirror.Status.NotAdopted);
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

    private Task CommitAsync(params StoreOperation[] operations) =>
        _m.Faults.CommitAsync(new StoreTransaction { Success = operations }).Within();
}
