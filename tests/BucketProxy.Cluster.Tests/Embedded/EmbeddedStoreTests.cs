using BucketProxy.Cluster.Durability;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Tests.Durability;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Embedded;

public sealed class EmbeddedStoreTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Open_DirectoryInUse_NamesTheHolder()
    {
        using var directory = new TemporaryDirectory();
        await using var store = EmbeddedStore.Open(new() { Directory = directory.Path }, _time);
        var error = Assert.Throws<DirectoryLockedException>(() => EmbeddedStore.Open(new() { Directory = directory.Path }, _time));
        Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}", error.Message, StringComparison.Ordinal);
        Assert.Contains(directory.Path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_AfterClose_HasEverythingAndTheSameIdentity()
    {
        using var directory = new TemporaryDirectory();
        StoreSnapshot before;
        await using (var store = EmbeddedStore.Open(new() { Directory = directory.Path }, _time))
        {
            for (var n = 1; n <= 20; n++)
                await StoreScript.WriteAsync(store, n);
            before = await store.ReadAsync([""]);
        }
        await using var again = EmbeddedStore.Open(new() { Directory = directory.Path }, _time);
        var after = await again.ReadAsync([""]);
        Assert.Equal((before.ClusterId, before.Revision), (after.ClusterId, after.Revision));
        Assert.Equal(before.Entries, after.Entries);
        Assert.Equal(before.Entries.Select(e => (e.Text, e.CreateRevision, e.Version)), after.Entries.Select(e => (e.Text, e.CreateRevision, e.Version)));
    }

    [Fact]
    public async Task Open_TwoNewStores_HaveDifferentIdentities()
    {
        using var directory = new TemporaryDirectory();
        await using var one = EmbeddedStore.Open(new() { Directory = directory.Combine("one") }, _time);
        await using var two = EmbeddedStore.Open(new() { Directory = directory.Combine("two") }, _time);
        Assert.NotEqual(one.ClusterId, two.ClusterId);
    }

    [Fact]
    public async Task Commit_BeforeTheFlush_IsNeitherAcknowledgedNorReadNorWatched()
    {
        var disk = new SimulatedDisk();
        await using var store = EmbeddedStore.Open(disk, StoreScript.Options, _time);
        await StoreScript.WriteAsync(store, 1);
        await using var batches = store.WatchAsync([""], 3).GetAsyncEnumerator();
        var watched = batches.MoveNextAsync().AsTask();
        using var gate = disk.FlushGate = new ManualResetEventSlim();

        var commit = StoreScript.WriteAsync(store, 2);
        await disk.FlushWaits.Task.Within();
        var read = store.ReadAsync([""]);
        var early = commit.IsCompleted || read.IsCompleted || watched.IsCompleted;
        // First of all, or a failure would leave the writer waiting for ever.
        gate.Set();
        disk.FlushGate = null;
        Assert.False(early);
        await commit;
        Assert.Equal(3, (await read.Within()).Revision);
        Assert.True(await watched.Within());
        Assert.Equal(3, batches.Current.Revision);
    }

    [Fact]
    public async Task Commit_DiskThatNeverAnswers_FailsWithUnknownOutcome()
    {
        var disk = new SimulatedDisk();
        await using var store = EmbeddedStore.Open(disk, StoreScript.Options, _time);
        using var gate = disk.FlushGate = new ManualResetEventSlim();
        var commit = StoreScript.WriteAsync(store, 1);
        await disk.FlushWaits.Task.Within();
        var read = store.ReadAsync([""]);
        _time.Advance(StoreScript.Options.CallTimeout);
        Assert.True((await Assert.ThrowsAsync<StoreUnavailableException>(() => commit)).OutcomeUnknown);
        Assert.False((await Assert.ThrowsAsync<StoreUnavailableException>(() => read)).OutcomeUnknown);
        gate.Set();
    }

    [Fact]
    public async Task Commit_FullDisk_IsRefusedWhileReadsGoOn()
    {
        var disk = new SimulatedDisk();
        await using var store = EmbeddedStore.Open(disk, StoreScript.Options, _time);
        await StoreScript.WriteAsync(store, 1);
        disk.Full = true;
        for (var i = 0; i < 3; i++)
        {
            var error = await Assert.ThrowsAsync<StoreUnavailableException>(() => StoreScript.WriteAsync(store, 2));
            Assert.Contains("No space left", error.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<StoreUnavailableException>(() => store.GrantLeaseAsync(TimeSpan.FromSeconds(9)).Within());
            Assert.Equal(["1", "1", "1"], (await store.ReadAsync([""]).Within()).Entries.Select(e => e.Text));
        }
        disk.Full = false;
        Assert.Equal(3, (await StoreScript.WriteAsync(store, 2)).Revision);
    }

    [Fact]
    public async Task Commit_DirectoryThatMayNotBeWritten_IsRefused()
    {
        using var directory = new TemporaryDirectory();
        // The log cannot take more once a directory stands where its next generation goes: an error that root gets too.
        var options = new EmbeddedStoreOptions { Directory = directory.Path, CheckpointBytes = 4096 };
        await using var store = EmbeddedStore.Open(options, _time);
        Directory.CreateDirectory(directory.Combine("log-0000000000000002.tmp"));
        var large = new string('x', 5000);
        Task<TransactionResult> Put() =>
            store.CommitAsync(new() { Success = [StoreOperation.PutText("a", large)] }).Within();
        await Put();
        await Assert.ThrowsAsync<StoreUnavailableException>(Put);
        Directory.Delete(directory.Combine("log-0000000000000002.tmp"));
        Assert.Equal(3, (await Put()).Revision);
    }

    [Fact]
    public async Task Lease_AfterARestart_HasItsFullTimeAgain()
    {
        var disk = new SimulatedDisk();
        LeaseGrant lease;
        await using (var store = EmbeddedStore.Open(disk, StoreScript.Options, _time))
        {
            lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(10));
            await store.CommitAsync(new() { Success = [StoreOperation.PutText("k", "x", lease.LeaseId)] });
            _time.Advance(TimeSpan.FromSeconds(9));
        }
        _time.Advance(TimeSpan.FromHours(1));
        await using var again = EmbeddedStore.Open(disk, StoreScript.Options, _time);
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Single((await again.ReadAsync(["k"]).Within()).Entries);
        var watch = again.WatchAsync(["k"], 3).GetAsyncEnumerator();
        var gone = watch.MoveNextAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await gone.Within());
        Assert.Null(Assert.Single(watch.Current.Events).Entry);
        Assert.Null(await again.RenewLeaseAsync(lease.LeaseId).Within());
        await watch.DisposeAsync();
    }

    [Fact]
    public async Task Lease_ThatEndedOrWasRevoked_StaysGoneAfterARestart()
    {
        var disk = new SimulatedDisk();
        await using (var store = EmbeddedStore.Open(disk, StoreScript.Options, _time))
        {
            var revoked = await store.GrantLeaseAsync(TimeSpan.FromSeconds(10));
            await store.CommitAsync(new() { Success = [StoreOperation.PutText("k", "x", revoked.LeaseId)] });
            await store.RevokeLeaseAsync(revoked.LeaseId);
        }
        await using var again = EmbeddedStore.Open(disk, StoreScript.Options, _time);
        var snapshot = await again.ReadAsync([""]).Within();
        Assert.Empty(snapshot.Entries);
        Assert.Equal(3, snapshot.Revision);
    }

    [Fact]
    public async Task Lease_EndingOnAFullDisk_EndsOnceThereIsRoom()
    {
        var disk = new SimulatedDisk();
        await using var store = EmbeddedStore.Open(disk, StoreScript.Options, _time);
        var lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(10));
        await store.CommitAsync(new() { Success = [StoreOperation.PutText("k", "x", lease.LeaseId)] });
        disk.Full = true;
        var before = disk.Operations;
        await _time.AdvanceUntilAsync(() => disk.Operations > before, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        Assert.Single((await store.ReadAsync(["k"]).Within()).Entries);
        disk.Full = false;
        await using var watch = store.WatchAsync(["k"], 3).GetAsyncEnumerator();
        var gone = watch.MoveNextAsync().AsTask();
        await _time.AdvanceUntilAsync(() => gone.IsCompleted, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        Assert.Null(Assert.Single(watch.Current.Events).Entry);
    }

    [Fact]
    public async Task Lease_TimerThatFiresEarly_IsSetAgain()
    {
        var disk = new SimulatedDisk();
        await using var store = EmbeddedStore.Open(disk, StoreScript.Options, new EarlyTimeProvider(_time));
        var lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(10));
        await store.CommitAsync(new() { Success = [StoreOperation.PutText("k", "x", lease.LeaseId)] });
        await using var watch = store.WatchAsync(["k"], 3).GetAsyncEnumerator();
        var gone = watch.MoveNextAsync().AsTask();
        await _time.AdvanceUntilAsync(() => gone.IsCompleted, TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(1));
        Assert.True(_time.Elapsed >= TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Watch_FromBeforeARestart_IsCompacted()
    {
        var disk = new SimulatedDisk();
        await using (var store = EmbeddedStore.Open(disk, StoreScript.Options with { CheckpointBytes = 100 }, _time))
        {
            for (var n = 1; n <= 3; n++)
                await StoreScript.WriteAsync(store, n);
        }
        await using var again = EmbeddedStore.Open(disk, StoreScript.Options, _time);
        await using var watch = again.WatchAsync([""], 2).GetAsyncEnumerator();
        await Assert.ThrowsAsync<StoreCompactedException>(() => watch.MoveNextAsync().AsTask().Within());
    }

    [Fact]
    public async Task Calls_AfterClose_AreRefusedAndWatchesEnd()
    {
        var disk = new SimulatedDisk();
        var store = EmbeddedStore.Open(disk, StoreScript.Options, _time);
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

    // Timers of a real system may fire a little before the clock says so; here a lot.
    private sealed class EarlyTimeProvider(ManualTimeProvider time) : TimeProvider
    {
        public override long TimestampFrequency => time.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

        public override long GetTimestamp() => time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new EarlyTimer(time.CreateTimer(callback, state, Early(dueTime), period));

        private static TimeSpan Early(TimeSpan dueTime) => dueTime > TimeSpan.Zero ? dueTime * 0.8 : dueTime;

        private sealed class EarlyTimer(ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(Early(dueTime), period);

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
