using System.Text;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Testing;
using Microsoft.Data.Sqlite;

namespace BucketProxy.Cluster.Tests.Embedded;

/// <summary>Damage of the database or of its mark, or files of something else: it refuses to start and says where.</summary>
public sealed class EmbeddedStoreDamageTests
{
    [Fact]
    public async Task Open_AnyByteOfTheDatabaseWrong_RefusesToStartOrHasEverything()
    {
        using var whole = await StoreOnDisk.ClosedAsync();
        var bytes = File.ReadAllBytes(whole.Combine("store.db"));
        var expected = await StoreOnDisk.ContentAsync(whole.Path);
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
                Assert.Equal(expected, await StoreOnDisk.ContentAsync(copy.Path));
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
        using var copy = await StoreOnDisk.ClosedAsync();
        var bytes = File.ReadAllBytes(copy.Combine("store.db"));
        var at = bytes.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes("n/02"));
        bytes[at + (what.StartsWith("value", StringComparison.Ordinal) ? 4 : 3)] ^= 1;
        File.WriteAllBytes(copy.Combine("store.db"), bytes);
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(copy)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("update leases set seconds = seconds + 1", "lease ")]
    [InlineData("update entries set version = version + 1 where key = 'a'", "key 'a'")]
    [InlineData("update entries set lease = 5 where key = 'b'", "key 'b'")]
    public async Task Open_NumberInARowWrong_NamesTheRow(string sql, string named)
    {
        using var copy = await StoreOnDisk.ClosedAsync();
        Change(copy, sql);
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(copy)).Message, StringComparison.Ordinal);
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
        using var copy = await StoreOnDisk.ClosedAsync();
        Change(copy, sql);
        Assert.Contains("store.db", Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(copy)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(39, "freelist")]
    [InlineData(31, "Page")]
    public async Task Open_DatabaseThatSqliteFindsFaultWith_RefusesToStart(int at, string named)
    {
        using var copy = await StoreOnDisk.ClosedAsync();
        var bytes = File.ReadAllBytes(copy.Combine("store.db"));
        // The number of free pages, and of all pages: no row says them.
        bytes[at] += at == 39 ? (byte)3 : (byte)1;
        if (at == 31)
            bytes = [.. bytes, .. new byte[4096]];
        File.WriteAllBytes(copy.Combine("store.db"), bytes);
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(copy)).Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Open_DatabaseGone_RefusesToStart()
    {
        using var copy = await StoreOnDisk.KilledAsync();
        File.Delete(copy.Combine("store.db"));
        Assert.Contains("store.db is not there", Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(copy)).Message, StringComparison.Ordinal);
        File.Delete(copy.Combine("acknowledged"));
        Assert.Contains("store.db is not there", Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(copy)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_OlderDatabase_RefusesToStart()
    {
        using var older = await StoreOnDisk.ClosedAsync();
        using var copy = StoreSteps.Copy(older.Path);
        await using (var store = StoreOnDisk.Open(copy))
            await StoreScript.WriteAsync(store, 4);
        File.Copy(older.Combine("store.db"), copy.Combine("store.db"), overwrite: true);
        Assert.Contains("is an older one", Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(copy)).Message, StringComparison.Ordinal);
        // A backup is the database alone.
        File.Delete(copy.Combine("acknowledged"));
        Assert.Equal([1, 2, 3], await StoreScript.ReadAsync(copy.Path));
    }

    [Fact]
    public async Task Open_AnyByteOfTheMarkWrong_RefusesToStart()
    {
        using var copy = await StoreOnDisk.ClosedAsync();
        var line = File.ReadAllBytes(copy.Combine("acknowledged"));
        for (var at = 0; at < line.Length; at++)
        {
            var damaged = line.ToArray();
            damaged[at] ^= 1;
            File.WriteAllBytes(copy.Combine("acknowledged"), damaged);
            Assert.Contains("acknowledged: it fails its checksum", Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(copy)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0\0\0\0\0\0")]
    public async Task Open_MarkAsAPowerFailureLeavesIt_Starts(string mark)
    {
        using var copy = await StoreOnDisk.ClosedAsync();
        File.WriteAllText(copy.Combine("acknowledged"), mark);
        Assert.Equal([1, 2, 3], await StoreScript.ReadAsync(copy.Path));
    }

    [Fact]
    public async Task Open_MarkOfAnotherCluster_RefusesToStart()
    {
        using var copy = await StoreOnDisk.ClosedAsync();
        File.WriteAllBytes(copy.Combine("acknowledged"), new CommitMark(8, 1).ToLine());
        Assert.Contains("acknowledged is of cluster 8", Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(copy)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_AnotherClusterIdThanAskedFor_RefusesToStart()
    {
        using var copy = await StoreOnDisk.ClosedAsync();
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
        var error = Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(directory));
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
        Assert.Contains("not a database", Assert.Throws<InvalidDataException>(() => StoreOnDisk.Open(directory)).Message, StringComparison.Ordinal);
    }

    private static void Change(TemporaryDirectory directory, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={directory.Combine("store.db")};Pooling=False");
        connection.Open();
        StoreTables.Execute(connection, sql);
    }
}
