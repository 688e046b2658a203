using BucketProxy.Cluster.Store;
using BucketProxy.Core.Bases;
using BucketProxy.Testing;
using static BucketProxy.Cluster.Tests.Mirror.MirrorFixture;

namespace BucketProxy.Cluster.Tests.Mirror;

/// <summary>What the mirror adopts of a store that is not what it was (S7); named after the rules and invariants of the design.</summary>
public sealed class StoreMirrorAdoptionTests : IAsyncLifetime
{
    private readonly MirrorFixture _m = new();

    public Task InitializeAsync() => _m.StartAsync();

    public Task DisposeAsync() => _m.DisposeAsync().AsTask();

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

    private Task CommitAsync(params StoreOperation[] operations) =>
        _m.Faults.CommitAsync(new StoreTransaction { Success = operations }).Within();
}
