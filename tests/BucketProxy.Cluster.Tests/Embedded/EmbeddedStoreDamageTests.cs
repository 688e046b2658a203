using System.Text;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;
using BucketProxy.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>A torn end of the log is cut off; damage refuses to start and says where.</summary>
public sealed class EmbeddedStoreDamageTests
{
    private const int FrameLength = 24 + 4096;
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    [Fact]
    public async Task Open_AnyByteOfTheDatabaseWrong_RefusesToStartOrHasEverything()
    {
        using var whole = await ClosedStoreAsync();
        var bytes = File.ReadAllBytes(whole.Combine("store.db"));
        var expected = await ContentAsync(whole.Path);
        var random = new Random(3);
        var refused = 0;
        // Every byte of what the rows hold last, and a sample of all others.
        var inRows = Enumerable.Range(0, bytes.Length).Where(i => bytes[i] != 0).ToArray();
        foreach (var at in random.GetItems(inRows, 300).Concat(random.GetItems(Enumerable.Range(0, bytes.Length).ToArray(), 100)))
        {
            using var copy = StoreSteps.Copy(whole.Path);
            var damaged = bytes.ToArray();
            damaged[at] ^= 0x11;
            File.WriteAllBytes(copy.Combine("store.db"), damaged);
            try
            {
                // A byte that says nothing (free space, a counter of SQLite's) may be wrong.
                Assert.Equal(expected, await ContentAsync(copy.Path));
            }
            catch (InvalidDataException e)
            {
                Assert.Contains($"The store in {copy.Path} is damaged: store.db", e.Message, StringComparison.Ordinal);
                Assert.Equal(damaged, File.ReadAllBytes(copy.Combine("store.db")));
                refused++;
            }
        }
        Assert.True(refused > 200, $"{refused} refused");
    }

    [Theory]
    [InlineData("value of n/02", "key 'n/02'")]
    [InlineData("name of n/02", "key 'n/0")]
    public async Task Open_RowWrong_NamesTheKey(string what, string named)
    {
        using var copy = await ClosedStoreAsync();
        var bytes = File.ReadAllBytes(copy.Combine("store.db"));
        var at = bytes.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes("n/02"));
        bytes[at + (what.StartsWith("value", StringComparison.Ordinal) ? 4 : 3)] ^= 1;
        File.WriteAllBytes(copy.Combine("store.db"), bytes);
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => Open(copy)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("update leases set seconds = seconds + 1", "lease ")]
    [InlineData("update entries set version = version + 1 where key = 'a'", "key 'a'")]
    [InlineData("update entries set lease = 5 where key = 'b'", "key 'b'")]
    public async Task Open_NumberInARowWrong_NamesTheRow(string sql, string named)
    {
        using var copy = await ClosedStoreAsync();
        Change(copy, sql);
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => Open(copy)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("delete from entries where key = 'n/02'")]
    [InlineData("delete from leases")]
    [InlineData("update identity set revision = revision - 1")]
    [InlineData("delete from identity")]
    [InlineData("insert into leases select lease + 1, seconds, checksum from leases")]
    [InlineData("update entries set value = value || 'x' where key = 'a'")]
    [InlineData("drop table leases")]
    [InlineData("pragma user_version = 2")]
    [InlineData("pragma application_id = 2")]
    public async Task Open_RowsOfAnotherHand_RefusesToStart(string sql)
    {
        using var copy = await ClosedStoreAsync();
        Change(copy, sql);
        Assert.Contains("store.db", Assert.Throws<InvalidDataException>(() => Open(copy)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(39, "freelist")]
    [InlineData(31, "Page")]
    public async Task Open_DatabaseThatSqliteFindsFaultWith_RefusesToStart(int at, string named)
    {
        using var copy = await ClosedStoreAsync();
        var bytes = File.ReadAllBytes(copy.Combine("store.db"));
        // The number of free pages, and of all pages: no row says them.
        bytes[at] += at == 39 ? (byte)3 : (byte)1;
        if (at == 31)
            bytes = [.. bytes, .. new byte[4096]];
        File.WriteAllBytes(copy.Combine("store.db"), bytes);
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => Open(copy)).Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Open_LogOfAKilledProcess_IsInTheDatabaseBeforeAnythingIsAnswered()
    {
        using var copy = await KilledStoreAsync();
        await using var store = Open(copy);
        Assert.Equal(0, new FileInfo(copy.Combine("store.db-wal")).Length);
        using var database = new TemporaryDirectory();
        File.Copy(copy.Combine("store.db"), database.Combine("store.db"));
        Assert.Equal([1, 2, 3], await StoreScript.ReadAsync(database.Path));
    }

    [Fact]
    public async Task Open_LogCutAnywhereInItsLastTransaction_HasTheOnesBefore_UnlessItWasAcknowledged()
    {
        using var whole = await KilledStoreAsync();
        var log = File.ReadAllBytes(whole.Combine("store.db-wal"));
        var ends = EndsOfTransactions(log);
        for (var cut = ends[^2]; cut < log.Length; cut += 997)
        {
            using var copy = StoreSteps.Copy(whole.Path);
            File.WriteAllBytes(copy.Combine("store.db-wal"), log[..cut]);
            Assert.Contains("was acknowledged", Assert.Throws<InvalidDataException>(() => Open(copy)).Message, StringComparison.Ordinal);
            // As after a power failure in the middle of the commit.
            await MarkAsync(copy, -1);
            Assert.Equal([1, 2], await StoreScript.ReadAsync(copy.Path));
            // For good.
            Assert.Equal(["a", "b", "n/01", "n/02", "next"], (await ContentAsync(copy.Path)).Select(e => e.Item1));
        }
    }

    [Fact]
    public async Task Open_LastTransactionCameToDiskOutOfOrder_HasTheOnesBefore()
    {
        using var directory = new TemporaryDirectory();
        await using var store = Open(directory);
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
        using var whole = await KilledStoreAsync();
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
            var error = Assert.Throws<InvalidDataException>(() => Open(copy));
            Assert.Contains("store.db-wal", error.Message, StringComparison.Ordinal);
            Assert.Equal(damaged, File.ReadAllBytes(copy.Combine("store.db-wal")));
        }
    }

    [Fact]
    public async Task Open_TransactionInTheLogWrong_WithoutTheMark_RefusesToStart()
    {
        using var whole = await KilledStoreAsync();
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
            Assert.Contains("fails its checksum", Assert.Throws<InvalidDataException>(() => Open(copy)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Open_LogGone_RefusesToStart()
    {
        using var copy = await KilledStoreAsync();
        File.Delete(copy.Combine("store.db-wal"));
        Assert.Contains("store.db ends with commit 0, but commit 3 was acknowledged", Assert.Throws<InvalidDataException>(() => Open(copy)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_DatabaseGone_RefusesToStart()
    {
        using var copy = await KilledStoreAsync();
        File.Delete(copy.Combine("store.db"));
        Assert.Contains("store.db is not there", Assert.Throws<InvalidDataException>(() => Open(copy)).Message, StringComparison.Ordinal);
        File.Delete(copy.Combine("acknowledged"));
        Assert.Contains("store.db is not there", Assert.Throws<InvalidDataException>(() => Open(copy)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_OlderDatabase_RefusesToStart()
    {
        using var older = await ClosedStoreAsync();
        using var copy = StoreSteps.Copy(older.Path);
        await using (var store = Open(copy))
            await StoreScript.WriteAsync(store, 4);
        File.Copy(older.Combine("store.db"), copy.Combine("store.db"), overwrite: true);
        Assert.Contains("is an older one", Assert.Throws<InvalidDataException>(() => Open(copy)).Message, StringComparison.Ordinal);
        // A backup is the database alone.
        File.Delete(copy.Combine("acknowledged"));
        Assert.Equal([1, 2, 3], await StoreScript.ReadAsync(copy.Path));
    }

    [Fact]
    public async Task Open_AnyByteOfTheMarkWrong_RefusesToStart()
    {
        using var copy = await ClosedStoreAsync();
        var line = File.ReadAllBytes(copy.Combine("acknowledged"));
        for (var at = 0; at < line.Length; at++)
        {
            var damaged = line.ToArray();
            damaged[at] ^= 1;
            File.WriteAllBytes(copy.Combine("acknowledged"), damaged);
            Assert.Contains("acknowledged: it fails its checksum", Assert.Throws<InvalidDataException>(() => Open(copy)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0\0\0\0\0\0")]
    public async Task Open_MarkAsAPowerFailureLeavesIt_Starts(string mark)
    {
        using var copy = await ClosedStoreAsync();
        File.WriteAllText(copy.Combine("acknowledged"), mark);
        Assert.Equal([1, 2, 3], await StoreScript.ReadAsync(copy.Path));
    }

    [Fact]
    public async Task Open_MarkOfAnotherCluster_RefusesToStart()
    {
        using var copy = await ClosedStoreAsync();
        File.WriteAllBytes(copy.Combine("acknowledged"), new CommitMark(8, 1).ToLine());
        Assert.Contains("acknowledged is of cluster 8", Assert.Throws<InvalidDataException>(() => Open(copy)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_AnotherClusterIdThanAskedFor_RefusesToStart()
    {
        using var copy = await ClosedStoreAsync();
        var error = Assert.Throws<InvalidDataException>(() => EmbeddedStore.Open(StoreScript.Options(copy.Path) with { ClusterId = 8 }));
        Assert.Contains("belongs to cluster 7, not to 8", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("snapshot-0000000000000001")]
    [InlineData("log-0000000000000001")]
    public void Open_StoreOfAnEarlierVersion_SaysHowToGoOn(string file)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.Combine(file), "BPF1");
        var error = Assert.Throws<InvalidDataException>(() => Open(directory));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Contains("move the whole data directory away", error.Message, StringComparison.Ordinal);
        Assert.Contains("docs/operations.md", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(directory.Combine("store.db")));
    }

    [Fact]
    public void Open_FileOfSomethingElse_RefusesToStart()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.Combine("store.db"), new string('x', 10_000));
        Assert.Contains("not a database", Assert.Throws<InvalidDataException>(() => Open(directory)).Message, StringComparison.Ordinal);
    }

    private static EmbeddedStore Open(TemporaryDirectory directory) =>
        EmbeddedStore.Open(StoreScript.Options(directory.Path), new FakeTimeProvider());

    private static void Change(TemporaryDirectory directory, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={directory.Combine("store.db")};Pooling=False");
        connection.Open();
        StoreTables.Execute(connection, sql);
    }

    private static async Task<List<(string, string, long, long)>> ContentAsync(string directory)
    {
        await using var store = EmbeddedStore.Open(StoreScript.Options(directory), new FakeTimeProvider());
        return [.. (await store.ReadAsync([""]).Within()).Entries.Select(e => (e.Key, Strict.GetString(e.Value.Span), e.CreateRevision, e.ModRevision))];
    }

    private static async Task<TemporaryDirectory> ClosedStoreAsync()
    {
        var directory = new TemporaryDirectory();
        await using (var store = Open(directory))
            await WriteAsync(store);
        return directory;
    }

    /// <summary>Three commits, all in the log alone.</summary>
    private static async Task<TemporaryDirectory> KilledStoreAsync()
    {
        using var directory = new TemporaryDirectory();
        await using var store = Open(directory);
        for (var n = 1; n <= 3; n++)
            await StoreScript.WriteAsync(store, n);
        return StoreSteps.Copy(directory.Path);
    }

    private static async Task WriteAsync(EmbeddedStore store)
    {
        await store.GrantLeaseAsync(TimeSpan.FromSeconds(10));
        for (var n = 1; n <= 3; n++)
            await StoreScript.WriteAsync(store, n);
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
