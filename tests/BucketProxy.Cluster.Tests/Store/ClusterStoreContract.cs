using System.Text;
using BucketProxy.Cluster.Store;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Store;

/// <summary>
/// What every <see cref="IClusterStore"/> does, whatever is behind it. Each implementation derives a class of its own and
/// gives the store, a way to let time pass, and a way to compact.
/// </summary>
/// <remarks>A store may hold keys of others, but while a test runs nobody else writes.</remarks>
public abstract class ClusterStoreContract : IAsyncLifetime
{
    private readonly List<long> _leases = [];
    private IClusterStore _store = null!;

    /// <summary>Opens the store under test. Called once for each test.</summary>
    protected abstract Task<IClusterStore> OpenAsync();

    /// <summary>Lets at least that much of the store's time pass.</summary>
    protected abstract Task PassAsync(TimeSpan time);

    /// <summary>Makes the store forget its history before a revision.</summary>
    protected abstract Task CompactAsync(long revision);

    /// <summary>Frees what <see cref="OpenAsync"/> needed, after the store was disposed.</summary>
    protected virtual Task CloseAsync() => Task.CompletedTask;

    private string Root { get; } = $"contract-{Guid.NewGuid():N}/";

    public async Task InitializeAsync() => _store = await OpenAsync();

    public async Task DisposeAsync()
    {
        // A lease left behind would end, and take a revision, in the middle of a later test on the same store.
        foreach (var lease in _leases)
            await _store.RevokeLeaseAsync(lease).Within();
        await _store.DisposeAsync();
        await CloseAsync();
    }

    [Fact]
    public async Task Read_NothingThere_IsEmptyAtARevision()
    {
        var snapshot = await _store.ReadAsync([Root]).Within();
        Assert.Empty(snapshot.Entries);
        Assert.True(snapshot.Revision >= 1);
        Assert.NotEqual(0ul, snapshot.ClusterId);
    }

    [Fact]
    public async Task Commit_Put_IsReadBackWithItsRevisions()
    {
        var result = await PutAsync("a", "one");
        Assert.True(result.Succeeded);
        var snapshot = await _store.ReadAsync([Root]).Within();
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
        Assert.Empty((await _store.ReadAsync([Root])).Entries);
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
        var snapshot = await _store.ReadAsync([Root + "b/", Root + "a", Root + "a/", Root + "b/2"]).Within();
        Assert.Equal(["a", "a/1", "b/1", "b/2"], snapshot.Entries.Select(e => e.Key[Root.Length..]));
    }

    [Fact]
    public async Task Read_EmptyPrefix_IsEverything()
    {
        await PutAsync("a", "x");
        var snapshot = await _store.ReadAsync([""]).Within();
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
        var snapshot = await _store.ReadAsync([Root]).Within();
        Assert.Equal(["a", "b"], snapshot.Entries.Select(e => e.Key[Root.Length..]));
        Assert.All(snapshot.Entries, e => Assert.Equal(result.Revision, e.ModRevision));
    }

    [Fact]
    public async Task Commit_ComparisonFails_AppliesFailureOnly()
    {
        await PutAsync("a", "one");
        var result = await _store.CommitAsync(new StoreTransaction
        {
            Comparisons = [Comparison.Exists(Root + "a"), Comparison.Absent(Root + "a")],
            Success = [Put("s", "x")],
            Failure = [Put("f", "x")],
        }).Within();
        Assert.False(result.Succeeded);
        var snapshot = await _store.ReadAsync([Root]).Within();
        Assert.Equal(["a", "f"], snapshot.Entries.Select(e => e.Key[Root.Length..]));
    }

    [Fact]
    public async Task Commit_ComparisonFailsAndNothingToDo_TakesNoRevision()
    {
        var before = await PutAsync("a", "one");
        var result = await _store.CommitAsync(new StoreTransaction
        {
            Comparisons = [Comparison.Absent(Root + "a")],
            Success = [Put("a", "two")],
        }).Within();
        Assert.False(result.Succeeded);
        Assert.Equal(before.Revision, result.Revision);
        Assert.Equal("one", (await OneAsync("a")).Text);
    }

    [Theory]
    [InlineData(CompareTarget.Version, 2)]
    [InlineData(CompareTarget.CreateRevision, 0)]
    [InlineData(CompareTarget.ModRevision, 1)]
    public async Task Commit_NumberComparisons_HoldAsSaid(CompareTarget target, int offsetOrValue)
    {
        var first = await PutAsync("a", "one");
        await PutAsync("a", "two");
        var actual = target == CompareTarget.Version ? offsetOrValue : first.Revision + offsetOrValue;
        await HoldsAsync("a", target, actual - 1, [CompareOperator.NotEqual, CompareOperator.Greater]);
        await HoldsAsync("a", target, actual, [CompareOperator.Equal]);
        await HoldsAsync("a", target, actual + 1, [CompareOperator.NotEqual, CompareOperator.Less]);
    }

    [Theory]
    [InlineData(CompareTarget.Version)]
    [InlineData(CompareTarget.CreateRevision)]
    [InlineData(CompareTarget.ModRevision)]
    public async Task Commit_NumberComparisonsOfNothing_SeeZero(CompareTarget target)
    {
        await HoldsAsync("nothing", target, 0, [CompareOperator.Equal]);
        await HoldsAsync("nothing", target, 1, [CompareOperator.NotEqual, CompareOperator.Less]);
    }

    [Fact]
    public async Task Commit_ValueComparisons_CompareBytes()
    {
        await PutAsync("a", "m");
        await HoldsAsync("a", "a", [CompareOperator.NotEqual, CompareOperator.Greater]);
        await HoldsAsync("a", "m", [CompareOperator.Equal]);
        await HoldsAsync("a", "z", [CompareOperator.NotEqual, CompareOperator.Less]);
        await HoldsAsync("a", "mm", [CompareOperator.NotEqual, CompareOperator.Less]);
    }

    [Fact]
    public async Task Commit_ValueComparisonsOfNothing_NeverHold()
    {
        await HoldsAsync("nothing", "", []);
        await HoldsAsync("nothing", "x", []);
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
    public async Task Commit_FailureBranch_Reads()
    {
        await PutAsync("r/1", "x");
        var result = await _store.CommitAsync(new StoreTransaction
        {
            Comparisons = [Comparison.Absent(Root + "r/1")],
            Failure = [StoreOperation.ReadPrefix(Root + "r/")],
        }).Within();
        Assert.Equal("x", Assert.Single(Assert.Single(result.Reads)).Text);
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
        Assert.Equal(128, (await _store.ReadAsync([Root])).Entries.Count);
    }

    [Fact]
    public async Task Commit_UnknownLease_IsRejectedAndNothingIsApplied() =>
        await RejectedAsync(new StoreTransaction { Success = [Put("b", "1"), StoreOperation.PutText(Root + "a", "1", 987654321)] });

    [Fact]
    public async Task Commit_ManyAtOnceOnOneKey_OneWinsEachRound()
    {
        var revision = 0L;
        for (var round = 0; round < 5; round++)
        {
            var seen = revision;
            var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => _store.CommitAsync(new StoreTransaction
            {
                Comparisons = [Comparison.ModifiedAt(Root + "a", seen)],
                Success = [Put("a", $"{round}/{i}")],
            }))).Within();
            revision = Assert.Single(results, r => r.Succeeded).Revision;
            Assert.Equal(revision, (await OneAsync("a")).ModRevision);
        }
    }

    [Fact]
    public async Task Commit_CancelledToken_IsCancelled()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _store.CommitAsync(new() { Success = [Put("a", "x")] }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _store.ReadAsync([Root], cancellationToken: cancelled));
        Assert.Empty((await _store.ReadAsync([Root])).Entries);
    }

    [Fact]
    public async Task Read_Serializable_ReadsToo()
    {
        await PutAsync("a", "one");
        var snapshot = await _store.ReadAsync([Root], ReadConsistency.Serializable).Within();
        Assert.Equal("one", Assert.Single(snapshot.Entries).Text);
    }

    [Fact]
    public async Task Watch_FromThePast_DeliversEverythingInOrder()
    {
        var first = await PutAsync("a", "1");
        await PutAsync("b", "2");
        await CommitAsync(StoreOperation.DeleteKey(Root + "a"));
        var last = await PutAsync("a", "3");
        var events = await EventsAsync([Root], first.Revision, until: last.Revision);
        Assert.Equal(["a=1", "b=2", "a=", "a=3"], events.Select(Show));
        Assert.Equal(Enumerable.Range(0, 4).Select(i => first.Revision + i), events.Select(e => e.Revision));
    }

    [Fact]
    public async Task Watch_FromARevision_DeliversNothingBeforeIt()
    {
        await PutAsync("a", "1");
        var second = await PutAsync("a", "2");
        Assert.Equal(["a=2"], (await EventsAsync([Root], second.Revision, second.Revision)).Select(Show));
    }

    [Fact]
    public async Task Watch_ChangesWhileItIsOpen_AreDelivered()
    {
        var start = (await _store.ReadAsync([Root])).Revision + 1;
        await using var batches = _store.WatchAsync([Root], start).GetAsyncEnumerator();
        for (var i = 0; i < 5; i++)
        {
            var waiting = NextEventsAsync(batches);
            var result = await PutAsync("a", $"{i}");
            var batch = await waiting;
            Assert.Equal([$"a={i}"], batch.Events.Select(Show));
            Assert.True(batch.Revision >= result.Revision);
        }
    }

    [Fact]
    public async Task Watch_FutureRevision_DeliversFromThereOn()
    {
        var now = (await PutAsync("a", "1")).Revision;
        await using var batches = _store.WatchAsync([Root], now + 2).GetAsyncEnumerator();
        var waiting = NextEventsAsync(batches);
        await PutAsync("a", "2");
        await PutAsync("a", "3");
        Assert.Equal(["a=3"], (await waiting).Events.Select(Show));
    }

    [Fact]
    public async Task Watch_SeveralPrefixes_DeliversThoseOnly()
    {
        var first = await CommitAsync(Put("a/1", "x"), Put("b/1", "x"), Put("c/1", "x"));
        var last = await CommitAsync(Put("c/2", "x"), Put("b/2", "x"));
        var events = await EventsAsync([Root + "c/", Root + "a/"], first.Revision, last.Revision);
        Assert.Equal(["a/1=x", "c/1=x", "c/2=x"], events.Select(Show).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Watch_OneTransaction_ComesInOneBatch()
    {
        var operations = Enumerable.Range(0, 100).Select(i => Put($"{i % 3}/{i}", "x")).ToArray();
        var result = await CommitAsync(operations);
        var batch = await FirstEventsAsync(result.Revision);
        Assert.Equal(100, batch.Events.Count(e => e.Revision == result.Revision));
    }

    [Fact]
    public async Task Watch_BatchesOfManyWriters_NeverSplitARevision()
    {
        var start = (await _store.ReadAsync([Root])).Revision + 1;
        var writers = Enumerable.Range(0, 8).Select(async w =>
        {
            var last = 0L;
            for (var i = 0; i < 10; i++)
                last = (await CommitAsync(Put($"{w}/a", $"{i}"), Put($"{w}/b", $"{i}"))).Revision;
            return last;
        }).ToArray();
        var seen = new List<WatchEvent>();
        var before = start - 1;
        await foreach (var batch in _store.WatchAsync([Root], start).WithCancellation(new CancellationTokenSource(Patience.Limit, TimeProvider.System).Token))
        {
            Assert.True(batch.Revision > before, "A later batch must hold later revisions.");
            Assert.All(batch.Events, e => Assert.InRange(e.Revision, before + 1, batch.Revision));
            before = batch.Revision;
            seen.AddRange(batch.Events);
            if (seen.Count == 160)
                break;
        }
        await Task.WhenAll(writers).Within();
        Assert.All(seen.GroupBy(e => e.Revision), g => Assert.Equal(2, g.Count()));
        Assert.Equal(seen.Select(e => e.Revision).Order(), seen.Select(e => e.Revision));
    }

    [Fact]
    public async Task Watch_PutEvent_CarriesTheWholeEntry()
    {
        var lease = await GrantAsync(TimeSpan.FromSeconds(60));
        var first = await PutAsync("a", "1");
        var second = await CommitAsync(StoreOperation.PutText(Root + "a", "2", lease.LeaseId));
        var entry = (await EventsAsync([Root], second.Revision, second.Revision)).Single().Entry!;
        Assert.Equal(
            (first.Revision, second.Revision, 2, lease.LeaseId),
            (entry.CreateRevision, entry.ModRevision, entry.Version, entry.LeaseId));
        Assert.Equal(await OneAsync("a"), entry);
        await _store.RevokeLeaseAsync(lease.LeaseId).Within();
    }

    [Fact]
    public async Task Watch_CompactedRevision_SaysSo()
    {
        var first = await PutAsync("a", "1");
        await PutAsync("a", "2");
        var third = await PutAsync("a", "3");
        await CompactAsync(third.Revision);
        var error = await Assert.ThrowsAsync<StoreCompactedException>(() => FirstEventsAsync(first.Revision));
        Assert.Equal(third.Revision, error.CompactRevision);
        await PutAsync("a", "4");
        Assert.Equal("a=4", Show((await FirstEventsAsync(third.Revision + 1)).Events.Single()));
    }

    [Fact]
    public async Task Watch_Cancelled_ThrowsCancellation()
    {
        using var cancel = new CancellationTokenSource();
        var start = (await _store.ReadAsync([Root])).Revision + 1;
        await using var batches = _store.WatchAsync([Root], start, cancel.Token).GetAsyncEnumerator(cancel.Token);
        var waiting = NextEventsAsync(batches);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Watch_SeveralAtOnce_EachGetsEverything()
    {
        var start = (await _store.ReadAsync([Root])).Revision + 1;
        using var cancel = new CancellationTokenSource();
        await using var sibling = _store.WatchAsync([Root], start, cancel.Token).GetAsyncEnumerator(cancel.Token);
        await using var batches = _store.WatchAsync([Root], start).GetAsyncEnumerator();
        var (cancelled, waiting) = (NextEventsAsync(sibling), NextEventsAsync(batches));
        // The end of one watch must not be the end of another.
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await PutAsync("a", "1");
        Assert.Equal(["a=1"], (await waiting).Events.Select(Show));
    }

    [Fact]
    public async Task Lease_NotRenewed_TakesItsKeysWithIt()
    {
        var lease = await GrantAsync(TimeSpan.FromSeconds(2));
        Assert.NotEqual(0, lease.LeaseId);
        Assert.True(lease.TimeToLive >= TimeSpan.FromSeconds(2));
        var put = await CommitAsync(
            StoreOperation.PutText(Root + "a", "1", lease.LeaseId), StoreOperation.PutText(Root + "b", "1", lease.LeaseId), Put("c", "stays"));
        Assert.Equal(lease.LeaseId, (await OneAsync("a")).LeaseId);
        await using var batches = _store.WatchAsync([Root], put.Revision + 1).GetAsyncEnumerator();
        var waiting = NextEventsAsync(batches);
        await PassAsync(lease.TimeToLive);
        var gone = await waiting;
        Assert.Equal(["a=", "b="], gone.Events.Select(Show).Order(StringComparer.Ordinal));
        Assert.Single(gone.Events.Select(e => e.Revision).Distinct());
        Assert.Equal("stays", (await OneAsync("c")).Text);
        Assert.Null(await _store.RenewLeaseAsync(lease.LeaseId).Within());
    }

    [Fact]
    public async Task Lease_Renewed_LivesOn()
    {
        var lease = await GrantAsync(TimeSpan.FromSeconds(3));
        await CommitAsync(StoreOperation.PutText(Root + "a", "1", lease.LeaseId));
        for (var i = 0; i < 4; i++)
        {
            await PassAsync(TimeSpan.FromSeconds(1));
            Assert.Equal(lease.TimeToLive, await _store.RenewLeaseAsync(lease.LeaseId).Within());
        }
        Assert.Equal("1", (await OneAsync("a")).Text);
    }

    [Fact]
    public async Task Lease_Revoked_TakesItsKeysWithItAtOnce()
    {
        var lease = await GrantAsync(TimeSpan.FromSeconds(60));
        await CommitAsync(StoreOperation.PutText(Root + "a", "1", lease.LeaseId));
        await _store.RevokeLeaseAsync(lease.LeaseId).Within();
        Assert.Empty((await _store.ReadAsync([Root])).Entries);
        Assert.Null(await _store.RenewLeaseAsync(lease.LeaseId).Within());
    }

    [Fact]
    public async Task Lease_Unknown_RenewsToNullAndRevokesInPeace()
    {
        Assert.Null(await _store.RenewLeaseAsync(123456789).Within());
        await _store.RevokeLeaseAsync(123456789).Within();
    }

    [Fact]
    public async Task Lease_KeyPutWithoutIt_IsFreeOfIt()
    {
        var lease = await GrantAsync(TimeSpan.FromSeconds(60));
        await CommitAsync(StoreOperation.PutText(Root + "a", "1", lease.LeaseId));
        await PutAsync("a", "2");
        await _store.RevokeLeaseAsync(lease.LeaseId).Within();
        Assert.Equal((0, "2"), ((await OneAsync("a")).LeaseId, (await OneAsync("a")).Text));
    }

    [Fact]
    public async Task Lease_KeyPutWithAnother_BelongsToThatOne()
    {
        var first = await GrantAsync(TimeSpan.FromSeconds(60));
        var second = await GrantAsync(TimeSpan.FromSeconds(60));
        Assert.NotEqual(first.LeaseId, second.LeaseId);
        await CommitAsync(StoreOperation.PutText(Root + "a", "1", first.LeaseId));
        await CommitAsync(StoreOperation.PutText(Root + "a", "2", second.LeaseId));
        await _store.RevokeLeaseAsync(first.LeaseId).Within();
        Assert.Equal("2", (await OneAsync("a")).Text);
        await _store.RevokeLeaseAsync(second.LeaseId).Within();
        Assert.Empty((await _store.ReadAsync([Root])).Entries);
    }

    private StoreOperation Put(string key, string text) => StoreOperation.PutText(Root + key, text);

    private async Task<LeaseGrant> GrantAsync(TimeSpan timeToLive)
    {
        var lease = await _store.GrantLeaseAsync(timeToLive).Within();
        _leases.Add(lease.LeaseId);
        return lease;
    }

    private Task<TransactionResult> PutAsync(string key, string text) => CommitAsync(Put(key, text));

    private Task<TransactionResult> CommitAsync(params StoreOperation[] operations) =>
        _store.CommitAsync(new StoreTransaction { Success = operations }).Within();

    private async Task<StoreEntry> OneAsync(string key) =>
        Assert.Single((await _store.ReadAsync([Root + key]).Within()).Entries, e => e.Key == Root + key);

    private Task HoldsAsync(string key, CompareTarget target, long number, CompareOperator[] holding) =>
        HoldsAsync(o => new Comparison(Root + key, target, o, number), holding);

    private Task HoldsAsync(string key, string value, CompareOperator[] holding) =>
        HoldsAsync(o => new Comparison(Root + key, CompareTarget.Value, o, 0, Encoding.UTF8.GetBytes(value)), holding);

    private async Task HoldsAsync(Func<CompareOperator, Comparison> comparison, CompareOperator[] holding)
    {
        foreach (var o in Enum.GetValues<CompareOperator>())
        {
            var result = await _store.CommitAsync(new StoreTransaction { Comparisons = [comparison(o)] }).Within();
            Assert.True(result.Succeeded == holding.Contains(o), $"{comparison(o)} must {(holding.Contains(o) ? "" : "not ")}hold.");
        }
    }

    private async Task RejectedAsync(StoreTransaction transaction)
    {
        await Assert.ThrowsAsync<StoreRejectedException>(() => _store.CommitAsync(transaction).Within());
        Assert.Empty((await _store.ReadAsync([Root])).Entries);
    }

    private async Task<WatchBatch> FirstEventsAsync(long from)
    {
        await using var batches = _store.WatchAsync([Root], from).GetAsyncEnumerator();
        return await NextEventsAsync(batches);
    }

    private static async Task<WatchBatch> NextEventsAsync(IAsyncEnumerator<WatchBatch> batches)
    {
        do
        {
            Assert.True(await batches.MoveNextAsync().AsTask().Within(), "A watch never ends by itself.");
        }
        while (batches.Current.Events.Count == 0);
        return batches.Current;
    }

    private async Task<List<WatchEvent>> EventsAsync(IReadOnlyList<string> prefixes, long from, long until)
    {
        var events = new List<WatchEvent>();
        await using var batches = _store.WatchAsync(prefixes, from).GetAsyncEnumerator();
        do
        {
            Assert.True(await batches.MoveNextAsync().AsTask().Within(), "A watch never ends by itself.");
            events.AddRange(batches.Current.Events);
        }
        while (batches.Current.Revision < until);
        return events;
    }

    private string Show(WatchEvent e) => $"{e.Key[Root.Length..]}={e.Entry?.Text}";
}
