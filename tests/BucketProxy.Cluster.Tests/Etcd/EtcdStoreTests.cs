using BucketProxy.Cluster.Etcd;
using BucketProxy.Cluster.Store;
using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.EtcdTesting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Cluster.Tests.Etcd;

/// <summary>What EtcdStore does beyond the contract.</summary>
public sealed class EtcdStoreTests : IAsyncLifetime
{
    private EtcdProcess _etcd = null!;
    private EtcdClient _client = null!;

    public async Task InitializeAsync()
    {
        _etcd = await EtcdProcess.StartNewAsync();
        _client = new EtcdClient(Options(), TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _etcd.DisposeAsync();
    }

    [Fact]
    public async Task Read_KeyThatIsNoText_IsLeftOutAndReportedOnce()
    {
        var log = new Lines();
        await using var store = Open(log);
        await _client.PutAsync((byte[])[.. "assign-"u8, 0xff], "x");
        await _client.PutAsync("assign-00", "dtable-server-1");

        await store.ReadAsync(["assign-"]);
        var snapshot = await store.ReadAsync(["assign-"]);

        Assert.Equal("assign-00", Assert.Single(snapshot.Entries).Key);
        Assert.Single(log.Texts, t => t.Contains("no UTF-8", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Read_KeysBeyondTheBasicPlane_AreInOrdinalOrder()
    {
        await using var store = Open();
        // U+FF5E sorts before U+1F600 by bytes, and after it by UTF-16 units.
        await _client.PutAsync("k\uFF5E", "x");
        await _client.PutAsync("k\U0001F600", "x");

        var keys = (await store.ReadAsync(["k"])).Entries.Select(e => e.Key).ToList();

        Assert.Equal(keys.Order(StringComparer.Ordinal), keys);
        Assert.Equal(2, keys.Count);
    }

    [Fact]
    public async Task Rule1_Read_SeveralPrefixesWhileOthersWrite_IsOfOneRevision()
    {
        await using var store = Open();
        using var end = new CancellationTokenSource();
        var writing = WriteBothAsync(end.Token);
        var seen = new HashSet<string>();
        for (var reads = 0; seen.Count < 50; reads++)
        {
            Assert.True(reads < 10_000, "the writer does not get on");
            var snapshot = await store.ReadAsync(["b/", "a/"]);
            if (snapshot.Entries.Count == 0)
                continue;
            // One transaction writes both, so one revision has the same value for both.
            Assert.Equal(2, snapshot.Entries.Count);
            Assert.Equal(snapshot.Entries[0].Text, snapshot.Entries[1].Text);
            Assert.True(snapshot.Entries[0].ModRevision <= snapshot.Revision);
            seen.Add(snapshot.Entries[0].Text);
        }
        await end.CancelAsync();
        await writing;

        async Task WriteBothAsync(CancellationToken until)
        {
            await using var other = Open();
            for (var i = 0; !until.IsCancellationRequested; i++)
                await other.CommitAsync(new() { Success = [StoreOperation.PutText("a/x", $"{i}"), StoreOperation.PutText("b/x", $"{i}")] }, CancellationToken.None);
        }
    }

    [Fact]
    public async Task Watch_ChangesOfOthers_StillTellHowFarItHasCome()
    {
        await using var store = Open();
        var start = (await store.ReadAsync(["a/", "c/"])).Revision;
        await using var watch = store.WatchAsync(["a/", "c/"], start + 1).GetAsyncEnumerator();
        var between = (await _client.PutAsync("b/", "between the two")).Header.Revision;

        Assert.True(await watch.MoveNextAsync());

        Assert.Empty(watch.Current.Events);
        Assert.Equal(between, watch.Current.Revision);
    }

    [Fact]
    public async Task Read_TooManyPrefixes_IsRejectedWithTheLimit()
    {
        await using var store = Open();
        var error = await Assert.ThrowsAsync<StoreRejectedException>(() => store.ReadAsync([.. Enumerable.Range(0, 129).Select(i => $"{i}/")]));
        Assert.Contains("128", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commit_NobodyListens_IsUnavailableWithNothingChanged()
    {
        await using var store = Open();
        await _etcd.KillAsync();
        var error = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(new() { Success = [StoreOperation.PutText("k", "v")] }));
        Assert.False(error.OutcomeUnknown);
    }

    [Fact]
    public async Task Commit_EtcdFreezesMeanwhile_OutcomeIsUnknown()
    {
        await using var store = new EtcdStore(Options() with { CallTimeout = TimeSpan.FromSeconds(6) }, TimeProvider.System, NullLogger<EtcdStore>.Instance);
        await store.ReadAsync(["k"]);
        await _etcd.FreezeAsync();

        var error = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(new() { Success = [StoreOperation.PutText("k", "v")] }));

        Assert.True(error.OutcomeUnknown);
    }

    [Fact]
    public async Task Watch_EtcdDies_BreaksAsUnavailable()
    {
        await using var store = Open();
        await using var watch = store.WatchAsync(["k"], 1).GetAsyncEnumerator();
        await _client.PutAsync("k", "v");
        Assert.True(await watch.MoveNextAsync());
        var next = watch.MoveNextAsync().AsTask();

        await _etcd.KillAsync();

        await Assert.ThrowsAsync<StoreUnavailableException>(() => next);
    }

    [Fact]
    public async Task Rule10_VersionWithKnownBugs_IsWarnedOfWhenAWatchOpens()
    {
        var version = (await _client.StatusAsync(EtcdEndpoint.Parse(_etcd.Endpoint))).Version;
        var log = new Lines();
        await using (var store = Open(log))
        {
            await _client.PutAsync("k", "v");
            await using var watch = store.WatchAsync(["k"], 1).GetAsyncEnumerator();
            Assert.True(await watch.MoveNextAsync());
            await store.VersionKnownAsync();
        }
        Assert.Equal(
            KnownServerBugs.Of(version).Select(b => b.Kind).Distinct().Count(), log.Texts.Count(t => t.Contains($"version {version}", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Calls_AfterDispose_AreUnavailable()
    {
        var store = Open();
        await store.DisposeAsync();
        await store.DisposeAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.ReadAsync(["k"]));
    }

    private EtcdClientOptions Options() => EtcdClientOptions.ForEndpoints(_etcd.Endpoint);

    private EtcdStore Open(Lines? log = null) => new(Options(), TimeProvider.System, log ?? (ILogger<EtcdStore>)NullLogger<EtcdStore>.Instance);

    private sealed class Lines : ILogger<EtcdStore>
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _texts = new();

        public IReadOnlyCollection<string> Texts => _texts;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _texts.Enqueue(formatter(state, exception));
    }
}
