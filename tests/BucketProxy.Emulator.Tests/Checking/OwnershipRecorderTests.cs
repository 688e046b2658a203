using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Core.Bases;
using BucketProxy.Emulator.Checking;
using BucketProxy.Emulator.Journaling;
using BucketProxy.Emulator.Tests.Support;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Emulator.Tests.Checking;

public sealed class OwnershipRecorderTests : NodeTests
{
    private static readonly KeySchema Keys = new();

    [Fact]
    public async Task Follow_TellsEachOwnerInItsTime_AlsoOverABrokenWatch()
    {
        var time = new FakeTimeProvider();
        await using var store = new FaultInjectingStore(new MemoryStore(time), time);
        await PutAsync(store, Keys.Assignment(new Bucket(0x0f)), "n1");
        await using var recorder = new OwnershipRecorder(store, Keys, time);
        await recorder.StartAsync();

        time.Advance(TimeSpan.FromMinutes(1));
        await PutAsync(store, Keys.Assignment(new Bucket(0x0f)), "n2");
        await NodeFixture.UntilAsync(() => recorder.Changes == 2);
        var changedAt = time.GetUtcNow() + TimeSpan.FromTicks(1);
        store.BreakWatches();
        await PutAsync(store, Keys.Assignment(new Bucket(0x0f)), "n3");
        await time.AdvanceUntilAsync(() => recorder.Changes == 3, TimeSpan.FromMinutes(1), TimeSpan.FromHours(1));

        var verdicts = new[] { ("n1", 0), ("n2", 0), ("n1", 1), ("n2", 1), ("n3", 1) }.Select(serve => IsForeign(recorder.History, serve.Item1, serve.Item2 == 0 ? time.Start : changedAt));
        Assert.Equal([false, true, true, false, true], verdicts);
        Assert.False(IsForeign(recorder.History, "n3", time.GetUtcNow()));
    }

    private static Task<TransactionResult> PutAsync(FaultInjectingStore store, string key, string value) =>
        store.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText(key, value)] });

    private bool IsForeign(OwnershipHistory history, string node, DateTimeOffset at)
    {
        var serve = new JournalEntry { Event = JournalEvent.Serve, Node = node, Run = node, Base = NodeFixture.Base, Time = at, End = at, Method = "GET", Path = "/" };
        return OwnershipChecker.Check(new OwnershipCheck { Journal = [serve], StorageDirectory = Nodes.Storage, Owners = history }).ForeignServes.Count == 1;
    }
}
