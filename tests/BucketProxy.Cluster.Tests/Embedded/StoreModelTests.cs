using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>What the contract cannot reach: history, what is written down, clones, determinism.</summary>
public sealed class StoreModelTests
{
    private static readonly string[] Keys = ["a", "a/1", "a/2", "b/1", "b/2", "c"];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 100)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void RandomCalls_AgainstAPlainRecordOfAllVersions_Agree(int seed)
    {
        var random = new Random(seed);
        var model = new StoreModel(1, 1);
        var log = new List<StoreChange>();
        model.Changed = log.Add;
        var content = new StoreContent(model.Capture(), 0);
        var versions = new SortedDictionary<long, SortedDictionary<string, StoreEntry>> { [1] = new(StringComparer.Ordinal) };
        var now = TimeSpan.Zero;
        for (var step = 0; step < 120; step++)
        {
            Call(model, random, ref now);
            if (log.Count > 0)
                content.Apply(new StoreDelta(log, content.Revision));
            log.Clear();
            versions[model.Revision] = new(model.Read([""]).Entries.ToDictionary(e => e.Key), StringComparer.Ordinal);

            Same(model.Read([""]), StoreModel.Restore(content.Capture(), 3, now).Read([""]));
            Assert.Equal(model.Capture().Leases, content.Capture().Leases);
            Assert.Equal(new StoreContent(model.Capture(), 0).Rows, content.Rows);
            // The history leads from any version that is left to the present one.
            var from = random.NextInt64(model.CompactRevision, model.Revision + 1);
            if (!versions.TryGetValue(from, out var start))
                continue;
            var state = new SortedDictionary<string, StoreEntry>(start, StringComparer.Ordinal);
            foreach (var e in model.ChangesFrom([""], from + 1)?.Events ?? [])
            {
                if (e.Entry is null)
                    Assert.True(state.Remove(e.Key));
                else
                    state[e.Key] = e.Entry;
            }
            Assert.Equal(versions[model.Revision], state);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void RandomCalls_SameSeed_SameOutcome(int seed)
    {
        Assert.Equal(Run(seed), Run(seed));

        static List<string> Run(int seed)
        {
            var random = new Random(seed);
            var model = new StoreModel(1, 5);
            var seen = new List<string>();
            model.Changed = c => seen.Add(c switch
            {
                StoreChange.Written w => $"{w.Revision}: {string.Join(' ', w.Events.Select(e => $"{e.Key}={e.Entry?.Text}"))}",
                _ => c.ToString(),
            });
            var now = TimeSpan.Zero;
            for (var step = 0; step < 60; step++)
                Call(model, random, ref now);
            return seen;
        }
    }

    [Fact]
    public void Clone_ChangedAfterwards_LeavesTheOriginalAlone()
    {
        var model = new StoreModel(1, 1);
        var lease = model.GrantLease(TimeSpan.FromSeconds(5), TimeSpan.Zero);
        model.Commit(new() { Success = [StoreOperation.PutText("a", "1", lease.LeaseId)] });
        var clone = model.Clone();
        clone.Commit(new() { Success = [StoreOperation.PutText("a", "2"), StoreOperation.PutText("b", "2")] });
        clone.RevokeLease(lease.LeaseId);
        Assert.Equal((2, "1", 1), (model.Revision, model.Find("a")!.Text, model.Count));
        Assert.Equal(TimeSpan.FromSeconds(5), model.RenewLease(lease.LeaseId, TimeSpan.FromSeconds(1)));
        // The key had left the lease in the clone, so it stays there.
        Assert.Equal("2", clone.Find("a")!.Text);
    }

    [Fact]
    public void RenewLease_AfterItsTime_IsNull()
    {
        var model = new StoreModel(1, 1);
        var lease = model.GrantLease(TimeSpan.FromSeconds(2), TimeSpan.Zero);
        Assert.Equal(TimeSpan.FromSeconds(2), model.RenewLease(lease.LeaseId, TimeSpan.FromSeconds(1)));
        Assert.Equal(TimeSpan.FromSeconds(3), model.NextExpiry);
        Assert.Equal(TimeSpan.FromSeconds(3), model.DeadlineOf(lease.LeaseId));
        Assert.Null(model.RenewLease(lease.LeaseId, TimeSpan.FromSeconds(3)));
        Assert.Equal(0, model.ExpireLeases(TimeSpan.FromSeconds(2.9)));
        Assert.Equal(1, model.ExpireLeases(TimeSpan.FromSeconds(3)));
        Assert.Null(model.NextExpiry);
        Assert.Null(model.DeadlineOf(lease.LeaseId));
    }

    [Fact]
    public void Restore_WithAnotherSeed_NeverGivesTheIdOfALeaseItForgot()
    {
        var model = new StoreModel(1, 1);
        var backup = model.Capture();
        var forgotten = Enumerable.Range(0, 100).Select(_ => model.GrantLease(TimeSpan.FromSeconds(5), TimeSpan.Zero).LeaseId).ToHashSet();
        var restored = StoreModel.Restore(backup, 2, TimeSpan.Zero);
        Assert.DoesNotContain(restored.GrantLease(TimeSpan.FromSeconds(5), TimeSpan.Zero).LeaseId, forgotten);
    }

    [Fact]
    public void TrimHistory_LongHistory_KeepsTheNewestAndMovesTheCompactRevision()
    {
        var model = new StoreModel(1, 1);
        for (var i = 0; i < 201; i++)
            model.Commit(new() { Success = [StoreOperation.PutText("a", $"{i}")] });
        model.TrimHistory(100);
        Assert.Equal(100, model.HistoryCount);
        Assert.Throws<StoreCompactedException>(() => model.ChangesFrom([""], model.CompactRevision - 1));
        Assert.Equal(100, model.ChangesFrom([""], model.CompactRevision)!.Events.Count);
    }

    [Fact]
    public void Compact_FutureRevision_IsRejected() =>
        Assert.Throws<StoreRejectedException>(() => new StoreModel(1, 1).Compact(2));

    [Fact]
    public void Commit_KeyThatHasNoBytes_IsRejected()
    {
        var model = new StoreModel(1, 1);
        foreach (var key in new[] { "", "a\ud83d", "\ude00a", "\ud83d\ud83d\ude00" })
            Assert.Throws<StoreRejectedException>(() => model.Commit(new() { Success = [StoreOperation.PutText(key, "x")] }));
        model.Commit(new() { Success = [StoreOperation.PutText("a\ud83d\ude00", "x")] });
        Assert.Equal(1, model.Count);
    }

    private static void Call(StoreModel model, Random random, ref TimeSpan now)
    {
        now += TimeSpan.FromMilliseconds(random.Next(300));
        switch (random.Next(10))
        {
            case 0:
                model.GrantLease(TimeSpan.FromSeconds(random.Next(1, 6)), now);
                break;
            case 1:
                model.ExpireLeases(now);
                break;
            case 2 when model.Leases.Count > 0:
                model.RevokeLease(model.Leases.Order().ElementAt(random.Next(model.Leases.Count)));
                break;
            case 3:
                model.Compact(random.NextInt64(Math.Max(model.CompactRevision, model.Revision - 30), model.Revision + 1));
                break;
            default:
                var keys = Keys.OrderBy(_ => random.Next()).Take(random.Next(1, 4));
                var lease = model.Leases.Count > 0 && random.Next(2) == 0 ? model.Leases.Order().First() : 0;
                model.Commit(new StoreTransaction
                {
                    Comparisons = random.Next(3) == 0 ? [Comparison.Exists(Keys[random.Next(Keys.Length)])] : [],
                    Success = [.. keys.Select(k => random.Next(3) == 0 ? StoreOperation.DeleteKey(k) : StoreOperation.PutText(k, $"{random.Next(100)}", lease))],
                });
                break;
        }
    }

    private static void Same(StoreSnapshot expected, StoreSnapshot actual)
    {
        Assert.Equal((expected.ClusterId, expected.Revision), (actual.ClusterId, actual.Revision));
        Assert.Equal(
            expected.Entries.Select(e => (e.Key, e.Text, e.CreateRevision, e.ModRevision, e.Version, e.LeaseId)),
            actual.Entries.Select(e => (e.Key, e.Text, e.CreateRevision, e.ModRevision, e.Version, e.LeaseId)));
    }
}
