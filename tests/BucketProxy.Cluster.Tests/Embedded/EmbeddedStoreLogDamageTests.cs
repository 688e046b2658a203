using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>A torn end of the log is cut off; damage of the log refuses to start and says so.</summary>
public sealed class EmbeddedStoreLogDamageTests
{
    private const int FrameLength = 24 + 4096;

    [Fact]
    public async Task Open_LogOfAKilledProcess_IsInTheDatabaseBeforeAnythingIsAnswered()
    {
        using var copy = await StoreOnDisk.KilledAsync();
        await using var store = StoreOnDisk.Open(copy);
        Assert.Equal(0, new FileInfo(copy.Combine("store.db-wal")).Length);
        using var database = new TemporaryDirectory();
        File.Copy(copy.Combine("store.db"), database.Combine("store.db"));
        Assert.Equal([1, 2, 3], await StoreScript.ReadAsync(database.Path));
    }

    [Fact]
    public async Task Open_LogCutAnywhereInItsLastTransaction_HasTheOnesBefore_UnlessItWasAcknowledged()
    {
        using var whole = await StoreOnDisk.KilledAsync();
        var log = File.ReadAllBytes(whole.Combine("store.db-wal"));
        var ends = EndsOfTransactions(log);
        for (var cut = ends[^2]; cut < log.Length; cut += 997)
        {
            using var copy = StoreSteps.Copy(whole.Path);
            File.WriteAllBytes(copy.Combine("store.db-wal"), log[..cut]);
            Assert.Contains("was acknowledged", Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(copy)).Message, StringComparison.Ordinal);
            // As after a power failure in the middle of the commit.
            await MarkAsync(copy, -1);
            Assert.Equal([1, 2], await StoreScript.ReadAsync(copy.Path));
            // For good.
            Assert.Equal(["a", "b", "n/01", "n/02", "next"], (await StoreOnDisk.ContentAsync(copy.Path)).Select(e => e.Item1));
        }
    }

    [Fact]
    public async Task Open_LastTransactionCameToDiskOutOfOrder_HasTheOnesBefore()
    {
        using var directory = new TemporaryDirectory();
        await using var store = StoreOnDisk.Open(directory);
        await StoreScript.WriteAsync(store, 1);
        await StoreScript.WriteAsync(store, 2);
        await store.CommitAsync(new() { Success = [StoreOperation.PutText("large", new string('x', 20_000))] }).Within();
        using var copy = StoreSteps.Copy(directory.Path);
        var log = File.ReadAllBytes(copy.Combine("store.db-wal"));
        var ends = EndsOfTransactions(log);
        Assert.True(ends[2] - ends[1] >= 5 * FrameLength);
        // As a power failure in the middle of the flush can leave it: the end is there, the beginning is not.
        log.AsSpan(ends[1], FrameLength).Clear();
        File.WriteAllBytes(copy.Combine("store.db-wal"), log);
        await MarkAsync(copy, -1);
        Assert.Equal([1, 2], await StoreScript.ReadAsync(copy.Path));
    }

    [Fact]
    public async Task Open_AnyByteOfATransactionInTheLogWrong_RefusesToStart()
    {
        using var whole = await StoreOnDisk.KilledAsync();
        var log = File.ReadAllBytes(whole.Combine("store.db-wal"));
        var ends = EndsOfTransactions(log);
        var random = new Random(5);
        // The head of the log, the heads of frames, and a sample of all others.
        var places = Enumerable.Range(0, 32)
            .Concat(Enumerable.Range(0, (ends[^1] - 32) / FrameLength).SelectMany(f => Enumerable.Range(32 + f * FrameLength, 24)))
            .Concat(random.GetItems(Enumerable.Range(0, log.Length).ToArray(), 100));
        foreach (var at in places)
        {
            using var copy = StoreSteps.Copy(whole.Path);
            var damaged = log.ToArray();
            damaged[at] ^= 0x40;
            File.WriteAllBytes(copy.Combine("store.db-wal"), damaged);
            var error = Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(copy));
            Assert.Contains("store.db-wal", error.Message, StringComparison.Ordinal);
            Assert.Equal(damaged, File.ReadAllBytes(copy.Combine("store.db-wal")));
        }
    }

    [Fact]
    public async Task Open_TransactionInTheLogWrong_WithoutTheMark_RefusesToStart()
    {
        using var whole = await StoreOnDisk.KilledAsync();
        var log = File.ReadAllBytes(whole.Combine("store.db-wal"));
        var ends = EndsOfTransactions(log);
        // Not the last: its damage looks like a crash in the middle of it.
        for (var at = 0; at < ends[^2]; at += at < 32 ? 1 : 331)
        {
            using var copy = StoreSteps.Copy(whole.Path);
            File.Delete(copy.Combine("acknowledged"));
            var damaged = log.ToArray();
            damaged[at] ^= 0x40;
            File.WriteAllBytes(copy.Combine("store.db-wal"), damaged);
            Assert.Contains("fails its checksum", Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(copy)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Open_LogGone_RefusesToStart()
    {
        using var copy = await StoreOnDisk.KilledAsync();
        File.Delete(copy.Combine("store.db-wal"));
        Assert.Contains("store.db ends with commit 0, but commit 3 was acknowledged", Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(copy)).Message, StringComparison.Ordinal);
    }

    private static async Task MarkAsync(TemporaryDirectory directory, long change)
    {
        var path = directory.Combine("acknowledged");
        var mark = CommitMark.Read(await File.ReadAllBytesAsync(path))!;
        await File.WriteAllBytesAsync(path, (mark with { Commits = mark.Commits + change }).ToLine());
    }

    // Byte 4 to 7 of a frame's head: the size of the database after a commit, else 0.
    private static List<int> EndsOfTransactions(byte[] log)
    {
        var ends = new List<int>();
        for (var at = 32; at < log.Length; at += FrameLength)
        {
            if (log.AsSpan(at + 4, 4).ContainsAnyExcept((byte)0))
                ends.Add(at + FrameLength);
        }
        Assert.Equal(3, ends.Count);
        return ends;
    }
}
