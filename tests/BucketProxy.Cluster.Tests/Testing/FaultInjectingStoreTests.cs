using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.Testing;

/// <summary>Each fault does what its name says, and nothing else.</summary>
public sealed class FaultInjectingStoreTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryStore _memory;
    private readonly FaultInjectingStore _store;

    public FaultInjectingStoreTests()
    {
        _memory = new MemoryStore(_time);
        _store = new FaultInjectingStore(_memory, _time);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task Partition_EveryCallFailsAndWatchesBreakUntilHealed()
    {
        var lease = await _store.GrantLeaseAsync(TimeSpan.FromSeconds(9));
        var waiting = Next(_store.WatchAsync([""], 2));
        _store.Partition();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => waiting);
        Assert.False((await UnavailableAsync(() => _store.ReadAsync([""]))).OutcomeUnknown);
        Assert.True((await UnavailableAsync(() => PutAsync("1"))).OutcomeUnknown);
        await UnavailableAsync(() => _store.RenewLeaseAsync(lease.LeaseId));
        await UnavailableAsync(() => Next(_store.WatchAsync([""], 2)));
        Assert.Equal(1, _memory.Revision);
        _store.Heal();
        await PutAsync("1");
    }

    [Fact]
    public async Task LoseRequests_NothingIsAppliedAndTheCallerCannotKnow()
    {
        _store.LoseRequests(StoreCalls.Commit, count: 2);
        Assert.True((await UnavailableAsync(() => PutAsync("1"))).OutcomeUnknown);
        await _store.ReadAsync([""]);
        await UnavailableAsync(() => PutAsync("2"));
        Assert.Equal(1, _memory.Revision);
        await PutAsync("3");
    }

    [Fact]
    public async Task LoseAcknowledgements_ItIsAppliedAndTheCallerCannotKnow()
    {
        _store.LoseAcknowledgements(StoreCalls.Commit);
        Assert.True((await UnavailableAsync(() => PutAsync("1"))).OutcomeUnknown);
        Assert.Equal("1", (await _store.ReadAsync([""])).Entries.Single().Text);
    }

    [Fact]
    public async Task WedgeWatches_OpenOnesFallSilentAndLaterOnesAreWell()
    {
        var wedged = Next(_store.WatchAsync([""], 2));
        _store.WedgeWatches();
        await PutAsync("1");
        Assert.Single((await Next(_store.WatchAsync([""], 2)).Within()).Events);
        Assert.False(wedged.IsCompleted);
        _store.BreakWatches();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => wedged.Within());
    }

    [Fact]
    public async Task DropAndDuplicate_HitOneBatchEach()
    {
        await using var batches = _store.WatchAsync([""], 2).GetAsyncEnumerator();
        _store.DropNextEvent(e => e.Key == "a");
        await PutAsync("lost");
        Assert.True(await batches.MoveNextAsync().AsTask().Within());
        Assert.Equal((2, 0), (batches.Current.Revision, batches.Current.Events.Count));
        _store.DuplicateNextBatch();
        await PutAsync("twice");
        for (var i = 0; i < 2; i++)
        {
            Assert.True(await batches.MoveNextAsync().AsTask().Within());
            Assert.Equal((3, "twice"), (batches.Current.Revision, batches.Current.Events.Single().Entry!.Text));
        }
        await PutAsync("once");
        Assert.True(await batches.MoveNextAsync().AsTask().Within());
        Assert.Equal(4, batches.Current.Revision);
    }

    [Theory]
    [InlineData(false, "old", "new")]
    [InlineData(true, "old", "old")]
    public async Task FreezeReads_GivesTheOldContent(bool alsoLinearizable, string serializable, string linearizable)
    {
        await PutAsync("old");
        await _store.FreezeReadsAsync(alsoLinearizable);
        await PutAsync("new");
        Assert.Equal(serializable, (await _store.ReadAsync(["a"], ReadConsistency.Serializable)).Entries.Single().Text);
        Assert.Equal(linearizable, (await _store.ReadAsync(["a"])).Entries.Single().Text);
        Assert.Empty((await _store.ReadAsync(["b"], ReadConsistency.Serializable)).Entries);
        _store.ThawReads();
        Assert.Equal("new", (await _store.ReadAsync(["a"], ReadConsistency.Serializable)).Entries.Single().Text);
    }

    [Fact]
    public async Task LoseLease_EndsItBeforeItsTime()
    {
        var lease = await _store.GrantLeaseAsync(TimeSpan.FromSeconds(9));
        await _store.CommitAsync(new() { Success = [StoreOperation.PutText("a", "1", lease.LeaseId)] });
        await _store.LoseLeaseAsync(lease.LeaseId);
        Assert.Empty((await _store.ReadAsync([""])).Entries);
        Assert.Null(await _store.RenewLeaseAsync(lease.LeaseId));
        _store.LieAboutRenewals();
        Assert.NotNull(await _store.RenewLeaseAsync(lease.LeaseId));
    }

    [Fact]
    public async Task Restore_OldContentAtTheOldRevisionWithoutHistory()
    {
        var lease = await _store.GrantLeaseAsync(TimeSpan.FromSeconds(9));
        await _store.CommitAsync(new() { Success = [StoreOperation.PutText("a", "old", lease.LeaseId)] });
        var backup = await _store.TakeBackupAsync();
        await PutAsync("new");
        var waiting = Next(_store.WatchAsync([""], 4));
        _store.Restore(backup);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => waiting.Within());
        var restored = await _store.ReadAsync([""]);
        Assert.Equal((backup.ClusterId, backup.Revision, "old"), (restored.ClusterId, restored.Revision, restored.Entries.Single().Text));
        await Assert.ThrowsAsync<StoreCompactedException>(() => Next(_store.WatchAsync([""], 2)));
        Assert.NotNull(await _store.RenewLeaseAsync(lease.LeaseId));
    }

    [Fact]
    public async Task PretendToBe_EveryAnswerCarriesTheOtherId()
    {
        _store.PretendToBe(9);
        Assert.Equal(9ul, (await PutAsync("1")).ClusterId);
        Assert.Equal(9ul, (await _store.ReadAsync([""])).ClusterId);
        Assert.Equal(9ul, (await Next(_store.WatchAsync([""], 2)).Within()).ClusterId);
        _store.PretendToBe(null);
        Assert.NotEqual(9ul, (await _store.ReadAsync([""])).ClusterId);
    }

    private Task<TransactionResult> PutAsync(string text) =>
        _store.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText("a", text)] });

    private static Task<StoreUnavailableException> UnavailableAsync(Func<Task> call) =>
        Assert.ThrowsAsync<StoreUnavailableException>(call);

    private static async Task<WatchBatch> Next(IAsyncEnumerable<WatchBatch> watch)
    {
        await foreach (var batch in watch)
            return batch;
        throw new InvalidOperationException("A watch never ends by itself.");
    }
}
