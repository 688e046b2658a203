using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Testing;
using static BucketProxy.Cluster.Tests.Mirror.MirrorFixture;

namespace BucketProxy.Cluster.Tests.Mirror;

/// <summary>A mirror that starts, with or without a mark that an earlier process left.</summary>
public sealed class StoreMirrorStartTests
{
    [Fact]
    public async Task Start_StoreAway_ComesOnceItIsThere()
    {
        await using var m = new MirrorFixture();
        await m.WriteAsync(Node(1), Assign(5, 1));
        m.Faults.Partition();
        m.Mirror.Start();
        await m.UntilAsync(() => m.Mirror.Status.LastError is not null);
        Assert.Null(m.Mirror.Current);
        Assert.Null(m.Mirror.Status.Age);
        m.Faults.Heal();
        await m.UntilAsync(() => m.OwnerOf(5) == Id(1));
    }

    [Fact]
    public async Task Start_NewEmptyStore_IsAdopted()
    {
        await using var m = new MirrorFixture();
        m.Mirror.Start();
        await m.UntilAsync(() => m.Mirror.Current is not null);
        await m.UntilAsync(() => m.Faults.OpenWatches == 1);
        await m.WriteAsync(Node(1), Assign(5, 1));
        await m.ViewAsync(v => v.Assignments.Count == 1);
    }

    [Fact]
    public async Task Start_MarkOfTheSameHistory_IsAdopted()
    {
        await using var m = new MirrorFixture(new StoreMark(0xB0C, 2, null, HasOwners: true));
        await m.WriteAsync(Node(1), Assign(5, 1));
        m.Mirror.Start();
        await m.UntilAsync(() => m.OwnerOf(5) == Id(1));
    }

    [Theory]
    [InlineData(0xB0C, 100, false, "ran backwards")]
    [InlineData(0xBAD, 2, false, "another store")]
    [InlineData(0xB0C, 2, true, "no assignment")]
    public async Task Start_MarkOfAnotherHistory_IsNotAdoptedUntilAccepted(ulong clusterId, long revision, bool emptied, string reason)
    {
        await using var m = new MirrorFixture(new StoreMark(clusterId, revision, null, HasOwners: true));
        await m.WriteAsync(emptied ? [Node(1)] : [Node(1), Assign(5, 1)]);
        m.Mirror.Start();
        await m.UntilAsync(() => m.Mirror.Status.NotAdopted is not null);
        await m.RereadsAsync(2);
        Assert.Contains(reason, m.Mirror.Status.NotAdopted, StringComparison.Ordinal);
        Assert.Null(m.Mirror.Current);
        await m.Mirror.AcceptStoreAsync(default).Within();
        await m.UntilAsync(() => m.Mirror.Current is not null);
        Assert.Equal(0xB0Cul, m.Mirror.Seen!.ClusterId);
    }

    [Fact]
    public async Task Seen_AfterAnAcceptance_RemembersItForTheNextProcess()
    {
        StoreSnapshot backup;
        StoreMark mark;
        await using (var m = new MirrorFixture(new StoreMark(0xB0C, 100)))
        {
            await m.WriteAsync(Node(1), Assign(5, 1));
            m.Mirror.Start();
            await m.UntilAsync(() => m.Mirror.Status.NotAdopted is not null);
            await m.Mirror.AcceptStoreAsync(default).Within();
            await m.UntilAsync(() => m.Mirror.Current is not null);
            backup = await m.Faults.TakeBackupAsync();
            await m.UntilAsync(() => m.Faults.OpenWatches == 1);
            var revision = await m.WriteAsync(Assign(5, 2));
            await m.UntilAsync(() => m.Mirror.Seen!.Revision == revision);
            mark = m.Mirror.Seen!;
        }
        // The backup holds the word, which was about another backup.
        await using var next = new MirrorFixture(mark, backup);
        next.Mirror.Start();
        await next.UntilAsync(() => next.Mirror.Status.NotAdopted is not null);
        Assert.Null(next.Mirror.Current);
    }
}
