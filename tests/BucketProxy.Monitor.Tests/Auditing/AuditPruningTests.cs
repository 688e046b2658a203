using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Monitor.Auditing;
using BucketProxy.Monitor.Options;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Monitor.Tests.Auditing;

public sealed class AuditPruningTests
{
    private static readonly KeySchema Keys = new();

    [Fact]
    public async Task PruneAsync_RecordsOlderThan30Days_AreRemovedAndTheOthersStay()
    {
        var time = new FakeTimeProvider();
        await using var store = new MemoryStore(time);
        var leader = await PutAsync(store, Keys.Leader, "{}");
        for (var day = 0; day <= 400; day++)
            await PutAsync(store, Keys.Audit(AuditRecord.IdAt(time.GetUtcNow() - TimeSpan.FromDays(day), "x")), "{}");
        var pruning = new AuditPruning(store, Keys, new MonitorOptions(), time, NullLogger.Instance);

        Assert.Equal(370, await pruning.PruneAsync(leader, default));
        Assert.Equal(31, (await store.ReadAsync([Keys.Audits])).Entries.Count);
        Assert.Equal(0, await pruning.PruneAsync(leader, default));
    }

    [Fact]
    public async Task PruneAsync_NotLeader_RemovesNothing()
    {
        var time = new FakeTimeProvider();
        await using var store = new MemoryStore(time);
        var leader = await PutAsync(store, Keys.Leader, "{}");
        await PutAsync(store, Keys.Audit(AuditRecord.IdAt(time.GetUtcNow() - TimeSpan.FromDays(40), "x")), "{}");
        var pruning = new AuditPruning(store, Keys, new MonitorOptions(), time, NullLogger.Instance);
        await pruning.PruneAsync(leader - 1, default);
        Assert.Single((await store.ReadAsync([Keys.Audits])).Entries);
    }

    [Fact]
    public async Task MovesSinceAsync_OverTheEdgesOfPrefixes_AreThoseSinceThenLatestFirst()
    {
        var time = new FakeTimeProvider();
        await using var store = new MemoryStore(time);
        for (var minute = -1; minute < 150; minute++)
        {
            var at = time.GetUtcNow() - TimeSpan.FromMinutes(minute);
            await PutAsync(store, Keys.Audit(AuditRecord.IdAt(at, "x")),
                Cluster.View.RecordJson.Write(new AuditRecord { At = at, By = "me", What = minute % 3 == 0 ? "drain" : minute % 2 == 0 ? "move" : "abort" }));
        }
        var log = new AuditLog(store, Keys, TimeSpan.FromDays(30), time);

        var moves = await log.MovesSinceAsync(time.GetUtcNow() - TimeSpan.FromHours(1), 1000, default);
        Assert.Equal(Enumerable.Range(-1, 62).Where(m => m % 3 != 0), moves.Select(m => (int)(time.GetUtcNow() - m.At).TotalMinutes));
        Assert.Equal([-1, 1], (await log.MovesSinceAsync(time.GetUtcNow() - TimeSpan.FromHours(1), 2, default)).Select(m => (int)(time.GetUtcNow() - m.At).TotalMinutes));
    }

    [Fact]
    public async Task LastAsync_RecordsOverWeeks_LatestFirstAndNoMoreThanAsked()
    {
        var time = new FakeTimeProvider();
        await using var store = new MemoryStore(time);
        for (var day = 0; day < 30; day++)
        {
            var at = time.GetUtcNow() - TimeSpan.FromDays(day);
            await PutAsync(store, Keys.Audit(AuditRecord.IdAt(at, "x")),
                Cluster.View.RecordJson.Write(new AuditRecord { At = at, By = "me", What = day % 2 == 0 ? "move" : "drain" }));
        }
        await PutAsync(store, Keys.Audit(AuditRecord.IdAt(time.GetUtcNow(), "y")), "not json");
        var log = new AuditLog(store, Keys, TimeSpan.FromDays(30), time);

        Assert.Equal(30, (await log.LastAsync(100, null, default)).Count);
        var moves = await log.LastMovesAsync(3, null, default);
        Assert.Equal([0, 2, 4], moves.Select(m => (int)(time.GetUtcNow() - m.At).TotalDays));
    }

    private static async Task<long> PutAsync(MemoryStore store, string key, string text) =>
        (await store.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText(key, text)] })).Revision;
}
