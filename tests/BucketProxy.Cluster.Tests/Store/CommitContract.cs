using BucketProxy.Cluster.Store;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Store;

/// <summary>Transactions and reads: what is written is read back, with its revisions.</summary>
public abstract class CommitContract(StoreUnderTest opened) : ClusterStoreContract(opened)
{
    [Fact]
    public async Task Read_NothingThere_IsEmptyAtARevision()
    {
        var snapshot = await Store.ReadAsync([Root]).Within();
        Assert.Empty(snapshot.Entries);
        Assert.True(snapshot.Revision >= 1);
        Assert.NotEqual(0ul, snapshot.ClusterId);
    }

    [Fact]
    public async Task Commit_Put_IsReadBackWithItsRevisions()
    {
        var result = await PutAsync("a", "one");
        Assert.True(result.Succeeded);
        var snapshot = await Store.ReadAsync([Root]).Within();
        Assert.Equal(result.Revision, snapshot.Revision);
        Assert.Equal(result.ClusterId, snapshot.ClusterId);
        var entry = Assert.Single(snapshot.Entries);
        Assert.Equal((Root + "a", "one"), (entry.Key, entry.Text));
        Assert.Equal((result.Revision, result.Revision, 1, 0), (entry.CreateRevision, entry.ModRevision, entry.Version, entry.LeaseId));
    }

    [Fact]
    public async Task Commit_PutAgain_RaisesVersionAndModRevisionOnly()
    {
        var first = await PutAsync("a", "one");
        var second = await PutAsync("a", "two");
        var entry = await OneAsync("a");
        Assert.Equal(first.Revision + 1, second.Revision);
        Assert.Equal((first.Revision, second.Revision, 2), (entry.CreateRevision, entry.ModRevision, entry.Version));
    }

    [Fact]
    public async Task Commit_DeleteAndPut_IsANewKey()
    {
        await PutAsync("a", "one");
        var deleted = await CommitAsync(StoreOperation.DeleteKey(Root + "a"));
        Assert.Empty((await Store.ReadAsync([Root])).Entries);
        var again = await PutAsync("a", "two");
        var entry = await OneAsync("a");
        Assert.Equal(deleted.Revision + 1, again.Revision);
        Assert.Equal((again.Revision, again.Revision, 1), (entry.CreateRevision, entry.ModRevision, entry.Version));
    }

    [Fact]
    public async Task Commit_DeleteOfNothing_TakesNoRevision()
    {
        var before = await PutAsync("a", "one");
        var result = await CommitAsync(StoreOperation.DeleteKey(Root + "b"));
        Assert.True(result.Succeeded);
        Assert.Equal(before.Revision, result.Revision);
    }

    [Fact]
    public async Task Read_SeveralPrefixes_AreOneSnapshotInOrderWithoutDuplicates()
    {
        await CommitAsync(
            Put("b/2", "x"), Put("b/1", "x"), Put("a", "x"), Put("a/1", "x"), Put("b0", "x"), Put("c", "x"), Put("B/1", "x"));
        var snapshot = await Store.ReadAsync([Root + "b/", Root + "a", Root + "a/", Root + "b/2"]).Within();
        Assert.Equal(["a", "a/1", "b/1", "b/2"], snapshot.Entries.Select(e => e.Key[Root.Length..]));
    }

    [Fact]
    public async Task Read_EmptyPrefix_IsEverything()
    {
        await PutAsync("a", "x");
        var snapshot = await Store.ReadAsync([""]).Within();
        Assert.Contains(snapshot.Entries, e => e.Key == Root + "a");
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0, 255, 254, 10, 13, 195, 40 })]
    public async Task Commit_AnyBytes_AreReadBack(byte[] value)
    {
        await CommitAsync(new PutOperation(Root + "a", value));
        Assert.Equal(value, (await OneAsync("a")).Value.ToArray());
    }

    [Fact]
    public async Task Commit_HalfAMegabyte_IsReadBackAndWatched()
    {
        var value = Enumerable.Range(0, 500_000).Select(i => (byte)(i * 31)).ToArray();
        var result = await CommitAsync(new PutOperation(Root + "a", value));
        Assert.Equal(value, (await OneAsync("a")).Value.ToArray());
        var batch = await FirstEventsAsync(result.Revision);
        Assert.Equal(value, Assert.Single(batch.Events).Entry!.Value.ToArray());
    }

    [Fact]
    public async Task Commit_SeveralOperations_ShareOneRevision()
    {
        await PutAsync("gone", "x");
        var result = await CommitAsync(Put("a", "1"), StoreOperation.DeleteKey(Root + "gone"), Put("b", "2"));
        var snapshot = await Store.ReadAsync([Root]).Within();
        Assert.Equal(["a", "b"], snapshot.Entries.Select(e => e.Key[Root.Length..]));
        Assert.All(snapshot.Entries, e => Assert.Equal(result.Revision, e.ModRevision));
    }

    [Fact]
    public async Task Commit_ReadPrefix_SeesTheWritesBeforeIt()
    {
        await PutAsync("r/1", "old");
        var result = await CommitAsync(
            StoreOperation.ReadPrefix(Root + "r/"), Put("r/2", "new"), StoreOperation.ReadPrefix(Root + "r/"));
        Assert.Equal(2, result.Reads.Count);
        Assert.Equal(["old"], result.Reads[0].Select(e => e.Text));
        Assert.Equal(["old", "new"], result.Reads[1].Select(e => e.Text));
        Assert.Equal(result.Revision, result.Reads[1][1].ModRevision);
    }

    [Fact]
    public async Task Commit_KeyPutTwice_IsRejectedAndNothingIsApplied()
    {
        await RejectedAsync(new StoreTransaction { Success = [Put("b", "1"), Put("a", "1"), Put("a", "2")] });
        await RejectedAsync(new StoreTransaction { Success = [Put("b", "1"), Put("a", "1"), StoreOperation.DeleteKey(Root + "a")] });
    }

    [Fact]
    public async Task Commit_TooManyOperations_IsRejectedAndNothingIsApplied()
    {
        await RejectedAsync(new StoreTransaction { Success = [.. Enumerable.Range(0, 129).Select(i => Put($"k{i}", "x"))] });
        await CommitAsync([.. Enumerable.Range(0, 128).Select(i => Put($"k{i}", "x"))]);
        Assert.Equal(128, (await Store.ReadAsync([Root])).Entries.Count);
    }

    [Fact]
    public async Task Commit_UnknownLease_IsRejectedAndNothingIsApplied() =>
        await RejectedAsync(new StoreTransaction { Success = [Put("b", "1"), StoreOperation.PutText(Root + "a", "1", 987654321)] });

    [Fact]
    public async Task Commit_CancelledToken_IsCancelled()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.CommitAsync(new() { Success = [Put("a", "x")] }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.ReadAsync([Root], cancellationToken: cancelled));
        Assert.Empty((await Store.ReadAsync([Root])).Entries);
    }

    [Fact]
    public async Task Read_Serializable_ReadsToo()
    {
        await PutAsync("a", "one");
        var snapshot = await Store.ReadAsync([Root], ReadConsistency.Serializable).Within();
        Assert.Equal("one", Assert.Single(snapshot.Entries).Text);
    }

    private async Task RejectedAsync(StoreTransaction transaction)
    {
        await Assert.ThrowsAsync<StoreRejectedException>(() => Store.CommitAsync(transaction).Within());
        Assert.Empty((await Store.ReadAsync([Root])).Entries);
    }
}
