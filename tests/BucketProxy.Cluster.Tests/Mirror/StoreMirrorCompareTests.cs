using BucketProxy.Core.Bases;
using BucketProxy.Testing;
using static BucketProxy.Cluster.Tests.Mirror.MirrorFixture;

namespace BucketProxy.Cluster.Tests.Mirror;

/// <summary>Comparing reads beside the watch (S8); named after the rules of the design.</summary>
public sealed class StoreMirrorCompareTests : IAsyncLifetime
{
    private readonly MirrorFixture _m = new();

    public Task InitializeAsync() => _m.StartAsync();

    public Task DisposeAsync() => _m.DisposeAsync().AsTask();

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
}
