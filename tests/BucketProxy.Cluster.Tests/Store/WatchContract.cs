using BucketProxy.Cluster.Store;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Store;

/// <summary>Watches: everything from a revision on, in order, and never part of a revision.</summary>
public abstract class WatchContract(StoreUnderTest opened) : ClusterStoreContract(opened)
{
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
        var start = (await Store.ReadAsync([Root])).Revision + 1;
        await using var batches = Store.WatchAsync([Root], start).GetAsyncEnumerator();
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
        await using var batches = Store.WatchAsync([Root], now + 2).GetAsyncEnumerator();
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
        var start = (await Store.ReadAsync([Root])).Revision + 1;
        var writers = Enumerable.Range(0, 8).Select(async w =>
        {
            var last = 0L;
            for (var i = 0; i < 10; i++)
                last = (await CommitAsync(Put($"{w}/a", $"{i}"), Put($"{w}/b", $"{i}"))).Revision;
            return last;
        }).ToArray();
        var seen = new List<WatchEvent>();
        var before = start - 1;
        await foreach (var batch in Store.WatchAsync([Root], start).WithCancellation(new CancellationTokenSource(Patience.Limit, TimeProvider.System).Token))
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
        await Store.RevokeLeaseAsync(lease.LeaseId).Within();
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
        var start = (await Store.ReadAsync([Root])).Revision + 1;
        await using var batches = Store.WatchAsync([Root], start, cancel.Token).GetAsyncEnumerator(cancel.Token);
        var waiting = NextEventsAsync(batches);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Watch_SeveralAtOnce_EachGetsEverything()
    {
        var start = (await Store.ReadAsync([Root])).Revision + 1;
        using var cancel = new CancellationTokenSource();
        await using var sibling = Store.WatchAsync([Root], start, cancel.Token).GetAsyncEnumerator(cancel.Token);
        await using var batches = Store.WatchAsync([Root], start).GetAsyncEnumerator();
        var (cancelled, waiting) = (NextEventsAsync(sibling), NextEventsAsync(batches));
        // The end of one watch must not be the end of another.
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await PutAsync("a", "1");
        Assert.Equal(["a=1"], (await waiting).Events.Select(Show));
    }

    private async Task<List<WatchEvent>> EventsAsync(IReadOnlyList<string> prefixes, long from, long until)
    {
        var events = new List<WatchEvent>();
        await using var batches = Store.WatchAsync(prefixes, from).GetAsyncEnumerator();
        do
        {
            Assert.True(await batches.MoveNextAsync().AsTask().Within(), "A watch never ends by itself.");
            events.AddRange(batches.Current.Events);
        }
        while (batches.Current.Revision < until);
        return events;
    }
}
