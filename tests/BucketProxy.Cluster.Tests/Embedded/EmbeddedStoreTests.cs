using System.Globalization;
using BucketProxy.Cluster.Durability;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;
using BucketProxy.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.Embedded;

public sealed class EmbeddedStoreTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _time = new();

    private EmbeddedStoreOptions Options => StoreScript.Options(_directory.Path);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Open_DirectoryInUse_NamesTheHolder()
    {
        await using var store = EmbeddedStore.Open(new() { Directory = _directory.Path }, _time);
        var error = Assert.Throws<DirectoryLockedException>(() => EmbeddedStore.Open(new() { Directory = _directory.Path }, _time));
        Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}", error.Message, StringComparison.Ordinal);
        Assert.Contains(_directory.Path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_AfterClose_HasEverythingAndTheSameIdentity()
    {
        StoreSnapshot before;
        await using (var store = EmbeddedStore.Open(new() { Directory = _directory.Path }, _time))
        {
            for (var n = 1; n <= 20; n++)
                await StoreScript.WriteAsync(store, n);
            before = await store.ReadAsync([""]);
        }
        await using var again = EmbeddedStore.Open(new() { Directory = _directory.Path }, _time);
        var after = await again.ReadAsync([""]);
        Assert.Equal((before.ClusterId, before.Revision), (after.ClusterId, after.Revision));
        Assert.Equal(before.Entries, after.Entries);
        Assert.Equal(before.Entries.Select(e => (e.Text, e.CreateRevision, e.Version)), after.Entries.Select(e => (e.Text, e.CreateRevision, e.Version)));
    }

    [Fact]
    public async Task Open_TwoNewStores_HaveDifferentIdentities()
    {
        await using var one = EmbeddedStore.Open(new() { Directory = _directory.Combine("one") }, _time);
        await using var two = EmbeddedStore.Open(new() { Directory = _directory.Combine("two") }, _time);
        Assert.NotEqual(one.ClusterId, two.ClusterId);
    }

    [Fact]
    public async Task Commit_BeforeTheFlush_IsNeitherAcknowledgedNorReadNorWatched()
    {
        var steps = new StoreSteps();
        await using var store = steps.Open(Options, _time);
        await StoreScript.WriteAsync(store, 1);
        await using var batches = store.WatchAsync([""], 3).GetAsyncEnumerator();
        var watched = batches.MoveNextAsync().AsTask();
        using var gate = steps.Gate = new ManualResetEventSlim();

        var commit = StoreScript.WriteAsync(store, 2);
        await steps.Waits.Task.Within();
        var read = store.ReadAsync([""]);
        var early = commit.IsCompleted || read.IsCompleted || watched.IsCompleted;
        // First of all, or a failure would leave the writer waiting for ever.
        gate.Set();
        steps.Gate = null;
        Assert.False(early);
        await commit;
        Assert.Equal(3, (await read.Within()).Revision);
        Assert.True(await watched.Within());
        Assert.Equal(3, batches.Current.Revision);
    }

    [Fact]
    public async Task Commit_DiskThatNeverAnswers_FailsWithUnknownOutcome()
    {
        var steps = new StoreSteps();
        await using var store = steps.Open(Options, _time);
        using var gate = steps.Gate = new ManualResetEventSlim();
        var commit = StoreScript.WriteAsync(store, 1);
        await steps.Waits.Task.Within();
        var read = store.ReadAsync([""]);
        _time.Advance(Options.CallTimeout);
        Assert.True((await Assert.ThrowsAsync<StoreUnavailableException>(() => commit)).OutcomeUnknown);
        Assert.False((await Assert.ThrowsAsync<StoreUnavailableException>(() => read)).OutcomeUnknown);
        gate.Set();
    }

    [Fact]
    public async Task Commit_FullDisk_IsRefusedWhileReadsGoOn()
    {
        var steps = new StoreSteps();
        await using var store = steps.Open(Options, _time);
        await StoreScript.WriteAsync(store, 1);
        steps.Full = true;
        for (var i = 0; i < 3; i++)
        {
            var error = await Assert.ThrowsAsync<StoreUnavailableException>(() => StoreScript.WriteAsync(store, 2));
            Assert.Contains("No space left", error.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<StoreUnavailableException>(() => store.GrantLeaseAsync(TimeSpan.FromSeconds(9)).Within());
            Assert.Equal(["1", "1", "1"], (await store.ReadAsync([""]).Within()).Entries.Select(e => e.Text));
        }
        steps.Full = false;
        Assert.Equal(3, (await StoreScript.WriteAsync(store, 2)).Revision);
    }

    [Fact]
    public async Task Read_InOneCommitWithAWriteThatFails_IsAnswered()
    {
        var steps = new StoreSteps();
        await using var store = steps.Open(Options, _time);
        using var gate = steps.Gate = new ManualResetEventSlim();
        var first = StoreScript.WriteAsync(store, 1);
        await steps.Waits.Task.Within();
        // They wait together, so they are served together. The next step but one is the write's.
        var second = StoreScript.WriteAsync(store, 2);
        var read = store.ReadAsync([""]);
        (steps.FailAt, steps.Gate) = (steps.Count + 2, null);
        gate.Set();
        await first;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => second);
        Assert.Equal(["1", "1", "1"], (await read.Within()).Entries.Select(e => e.Text));
    }

    [Fact]
    public async Task Commit_NewDatabaseCannotBeWritten_IsRefusedUntilItCan()
    {
        var steps = new StoreSteps();
        await using var store = steps.Open(Options, _time);
        steps.FailAt = steps.Count + 1;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => StoreScript.WriteAsync(store, 1));
        // A directory where the new database goes: an error that root gets too.
        Directory.CreateDirectory(_directory.Combine("store.db.new"));
        for (var i = 0; i < 2; i++)
            await Assert.ThrowsAsync<StoreUnavailableException>(() => StoreScript.WriteAsync(store, 1));
        Directory.Delete(_directory.Combine("store.db.new"));
        Assert.Equal(2, (await StoreScript.WriteAsync(store, 1)).Revision);
    }

    [Fact]
    public async Task Close_LeavesNothingButTheDatabaseAndWhatSaysThatItIsWhole()
    {
        await using (var store = EmbeddedStore.Open(Options, _time))
            await StoreScript.WriteAsync(store, 1);
        Assert.Equal(["acknowledged", "lock", "lock-holder", "store.db"], Directory.GetFiles(_directory.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Open_TenThousandKeys_HasThemAll()
    {
        await using (var store = EmbeddedStore.Open(Options, _time))
        {
            await Task.WhenAll(Enumerable.Range(0, 100).Select(n => store.CommitAsync(new()
            {
                Success = [.. Enumerable.Range(0, 100).Select(k => StoreOperation.PutText($"key/{n * 100 + k}", new string('x', k)))],
            }))).Within();
            using var copy = StoreSteps.Copy(_directory.Path);
            await CheckAsync(copy.Path);
        }
        await CheckAsync(_directory.Path);

        async Task CheckAsync(string directory)
        {
            await using var again = EmbeddedStore.Open(StoreScript.Options(directory), _time);
            var found = await again.ReadAsync([""]).Within();
            Assert.Equal((101, 10_000), (found.Revision, found.Entries.Count));
            Assert.All(found.Entries, e => Assert.Equal(int.Parse(e.Key[4..], CultureInfo.InvariantCulture) % 100, e.Text.Length));
        }
    }

    [Fact]
    public async Task Open_ValuesAndKeysOfAnyKind_AreThemselves()
    {
        byte[][] values = [[], [0], "text"u8.ToArray(), "ü€😀"u8.ToArray(), [0xff, 0xfe, 0], "a\0b"u8.ToArray(), [.. Enumerable.Range(0, 256).Select(i => (byte)i)], new byte[100_000]];
        string[] keys = ["a", "a\0b", "ü€😀", "\uffff", "😀", "'; drop table entries; --", " ", "a/b"];
        await using (var store = EmbeddedStore.Open(Options, _time))
            await store.CommitAsync(new() { Success = [.. keys.Zip(values, (k, v) => new PutOperation(k, v))] });
        await using var again = EmbeddedStore.Open(Options, _time);
        var found = (await again.ReadAsync([""]).Within()).Entries;
        Assert.Equal(keys.Order(StringComparer.Ordinal), found.Select(e => e.Key));
        Assert.All(found, e => Assert.Equal(values[Array.IndexOf(keys, e.Key)], e.Value.ToArray()));
    }

    [Fact]
    public async Task Database_ReadWithSqlite_ShowsPlainText()
    {
        LeaseGrant lease;
        await using (var store = EmbeddedStore.Open(Options, _time))
        {
            lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(9));
            await store.CommitAsync(new() { Success = [StoreOperation.PutText("k", "{\"v\": \"ü\"}", lease.LeaseId)] });
        }
        using var connection = new SqliteConnection($"Data Source={_directory.Combine("store.db")};Pooling=False");
        connection.Open();
        Assert.Equal("k|{\"v\": \"ü\"}|text|ü|2|2|1|" + lease.LeaseId, Row(
            "select key, value, typeof(value), value ->> 'v', create_revision, mod_revision, version, lease from entries"));
        Assert.Equal($"{lease.LeaseId}|9", Row("select lease, seconds from leases"));
        Assert.Equal("7|2|2", Row("select cluster, revision, commits from identity"));

        string Row(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            using var reader = command.ExecuteReader();
            Assert.True(reader.Read());
            return string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i)));
        }
    }

    [Fact]
    public async Task Commit_AnotherProgramReadsTheDatabase_GoesOn()
    {
        await using var store = EmbeddedStore.Open(Options with { CheckpointBytes = 4096 }, _time);
        await StoreScript.WriteAsync(store, 1);
        using var connection = new SqliteConnection($"Data Source={_directory.Combine("store.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select count(*) from entries";
        using (var reading = connection.BeginTransaction(deferred: true))
        {
            command.Transaction = reading;
            Assert.Equal(3L, command.ExecuteScalar());
            for (var n = 2; n <= 6; n++)
                await StoreScript.WriteAsync(store, n);
            // What it began with, as SQLite promises.
            Assert.Equal(3L, command.ExecuteScalar());
            Assert.True(LogLength() > 0);
        }
        command.Transaction = null;
        Assert.Equal(8L, command.ExecuteScalar());
        await StoreScript.WriteAsync(store, 7);
        Assert.Equal(0, LogLength());

        long LogLength() => new FileInfo(_directory.Combine("store.db-wal")).Length;
    }

    [Fact]
    public void MakeDurable_DatabaseThatCannotBe_Refuses()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        Assert.Contains("journal_mode is memory", Assert.Throws<IOException>(() => StoreTables.MakeDurable(connection)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MakeDurable_DatabaseInAFile_FlushesEveryCommit()
    {
        using var connection = new SqliteConnection($"Data Source={_directory.Combine("x.db")};Pooling=False");
        connection.Open();
        StoreTables.MakeDurable(connection);
        Assert.Equal("wal", StoreTables.Ask(connection, "pragma journal_mode"));
        Assert.Equal(2L, StoreTables.Ask(connection, "pragma synchronous"));
    }

    [Fact]
    public async Task Watch_FromBeforeARestart_IsCompacted()
    {
        await using (var store = EmbeddedStore.Open(Options, _time))
        {
            for (var n = 1; n <= 3; n++)
                await StoreScript.WriteAsync(store, n);
        }
        await using var again = EmbeddedStore.Open(Options, _time);
        await using var watch = again.WatchAsync([""], 2).GetAsyncEnumerator();
        await Assert.ThrowsAsync<StoreCompactedException>(() => watch.MoveNextAsync().AsTask().Within());
    }

    [Fact]
    public async Task Calls_AfterClose_AreRefusedAndWatchesEnd()
    {
        var store = EmbeddedStore.Open(Options, _time);
        await using var watch = store.WatchAsync([""], 2).GetAsyncEnumerator();
        var waiting = watch.MoveNextAsync().AsTask();
        await store.DisposeAsync();
        await store.DisposeAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => waiting.Within());
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.ReadAsync([""]).Within());
    }

    [Theory]
    [InlineData("", 5000, 10, 5, "Directory")]
    [InlineData("d", 100, 10, 5, "CheckpointBytes")]
    [InlineData("d", 5000, 0, 5, "HistoryLength")]
    [InlineData("d", 5000, 10, 0, "CallTimeout")]
    public void Validate_ValueNotAllowed_NamesIt(string directory, int checkpoint, int history, int seconds, string named)
    {
        var options = new EmbeddedStoreOptions
        {
            Directory = directory,
            CheckpointBytes = checkpoint,
            HistoryLength = history,
            CallTimeout = TimeSpan.FromSeconds(seconds),
        };
        Assert.StartsWith(named, Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
    }
}
