using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Kv;
using BucketProxy.Etcd.Tests.Fake;
using BucketProxy.Etcd.Watching;
using BucketProxy.EtcdTesting;

namespace BucketProxy.Etcd.Tests.Real;

public sealed class WatchTests(EtcdFixture etcd) : IClassFixture<EtcdFixture>
{
    private readonly EtcdClient _client = etcd.Client;
    private readonly string _prefix = etcd.NewPrefix();

    [Fact]
    public async Task Watch_PutsAndDeletes_ComeInOrder()
    {
        var start = (await _client.PutAsync(_prefix + "a", "1")).Header.Revision;
        await using var watch = Watch(start + 1);
        Assert.IsType<WatchOpened>(await watch.NextAsync());

        var put = (await _client.PutAsync(_prefix + "b", "2")).Header.Revision;
        var deleted = (await _client.DeleteAsync(KeyRange.Key(_prefix + "a"))).Header.Revision;

        var first = Assert.Single((await watch.NextAsync<WatchChanges>()).Events);
        Assert.Equal((WatchEventKind.Put, put, "2"), (first.Kind, first.KeyValue.ModRevision, first.KeyValue.Value.ToString()));
        var second = Assert.Single((await watch.NextAsync<WatchChanges>()).Events);
        Assert.Equal((WatchEventKind.Delete, deleted, 0L), (second.Kind, second.KeyValue.ModRevision, second.KeyValue.Version));
    }

    [Fact]
    public async Task Watch_FromThePast_GivesWhatHappenedSince()
    {
        var start = (await _client.PutAsync(_prefix + "a", "1")).Header.Revision;
        await _client.PutAsync(_prefix + "a", "2");
        await _client.DeleteAsync(KeyRange.Key(_prefix + "a"));

        await using var watch = Watch(start);

        var events = new List<WatchEvent>();
        while (events.Count < 3)
            events.AddRange((await watch.NextAsync<WatchChanges>()).Events);
        Assert.Equal(["1", "2", ""], events.Select(e => e.KeyValue.Value.ToString()));
    }

    [Fact]
    public async Task Watch_OneTransaction_ComesAsOne()
    {
        var start = (await _client.PutAsync(_prefix + "a", "1")).Header.Revision;
        await using var watch = Watch(start + 1);
        Assert.IsType<WatchOpened>(await watch.NextAsync());

        await _client.TxnAsync(new() { Then = [.. Enumerable.Range(0, 100).Select(i => Operation.Put($"{_prefix}{i}", "x"))] });

        var changes = await watch.NextAsync<WatchChanges>();
        Assert.Equal(100, changes.Events.Length);
        Assert.Single(changes.Events.Select(e => e.KeyValue.ModRevision).Distinct());
    }

    [Fact]
    public async Task Watch_BacklogOfTenThousandChanges_ComesWhole()
    {
        // 10 MB: more than twice what a gRPC client takes in one answer if nothing is said.
        var value = new byte[1_000];
        var start = (await _client.PutAsync(_prefix, value)).Header.Revision;
        for (var i = 0; i < 100; i++)
            await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => _client.PutAsync(_prefix, value)));

        await using var watch = Watch(start + 1);

        var revisions = new List<long>();
        while (revisions.Count < 10_000)
            revisions.AddRange((await watch.NextAsync<WatchChanges>()).Events.Select(e => e.KeyValue.ModRevision));
        Assert.Equal(revisions.Order().Distinct(), revisions);
    }

    [Fact]
    public async Task Rule2_LargeRevision_ArrivesWholeAlthoughTheServerSplitsIt()
    {
        // One revision of more than etcd's 2 MB message limit.
        await using var etcd = await EtcdProcess.StartNewAsync(new() { Arguments = ["--max-request-bytes", "20000000"] });
        using var client = new EtcdClient(EtcdClientOptions.ForEndpoints(etcd.Endpoint) with { CallTimeout = TimeSpan.FromSeconds(20) }, TimeProvider.System);
        var value = new byte[100_000];
        await client.TxnAsync(new() { Then = [.. Enumerable.Range(0, 100).Select(i => Operation.Put($"big{i:00}", value))] });
        await etcd.TerminateAsync();
        await using var small = EtcdProcess.Create(new() { DataDirectory = etcd.DataDirectory, ClientPort = etcd.ClientPort, PeerPort = etcd.PeerPort });
        small.Start();
        await small.WaitUntilServingAsync();
        await using var watch = new WatchReader(client, KeyRange.Prefix("big"), 1, owned: false);

        var changes = await watch.NextAsync<WatchChanges>();

        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"big{i:00}"), changes.Events.Select(e => e.KeyValue.Key.ToString()));
        Assert.Single(changes.Events.Select(e => e.KeyValue.ModRevision).Distinct());
    }

    [Fact]
    public async Task Rule4_WatchFromACompactedRevision_IsTypedWithTheOldestKept()
    {
        var start = (await _client.PutAsync(_prefix + "a", "1")).Header.Revision;
        await _client.PutAsync(_prefix + "a", "2");
        var last = (await _client.PutAsync(_prefix + "a", "3")).Header.Revision;
        await _client.CompactAsync(last);
        await using var watch = Watch(start);

        Assert.IsType<WatchOpened>(await watch.NextAsync());
        var error = await Assert.ThrowsAsync<EtcdCompactedException>(watch.NextAsync);

        Assert.Equal(last, error.CompactRevision);
    }

    [Fact]
    public async Task Rule3_ProgressNotification_AdvancesAQuietWatch()
    {
        await using var etcd = await EtcdProcess.StartNewAsync(new() { Arguments = ["--experimental-watch-progress-notify-interval", "1s"] });
        using var client = new EtcdClient(EtcdClientOptions.ForEndpoints(etcd.Endpoint), TimeProvider.System);
        await using var watch = new WatchReader(client, KeyRange.Prefix("quiet"), 2, owned: false);
        Assert.IsType<WatchOpened>(await watch.NextAsync());
        long last = 0;
        for (var i = 0; i < 10; i++)
            last = (await client.PutAsync("elsewhere", "x")).Header.Revision;

        var progress = await watch.NextAsync<WatchProgress>();
        while (progress.Revision < last)
            progress = await watch.NextAsync<WatchProgress>();

        Assert.Equal(last, progress.Revision);
    }

    [Fact]
    public async Task Rule6_QuietWatch_IsKeptOpenByAnsweredProgressRequests()
    {
        using var client = new EtcdClient(
            EtcdClientOptions.ForEndpoints(etcd.Etcd.Endpoint) with { WatchProgressInterval = TimeSpan.FromMilliseconds(200) }, TimeProvider.System);
        var start = (await client.PutAsync(_prefix + "a", "1")).Header.Revision;
        await using var watch = new WatchReader(client, KeyRange.Prefix(_prefix), start + 1, owned: false);
        Assert.IsType<WatchOpened>(await watch.NextAsync());
        var next = watch.NextAsync();

        // Ten requests long nothing happens to the keys; another watch, opened later, tells when that time is over.
        var pause = Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        Assert.Same(pause, await Task.WhenAny(next, pause));
        await client.PutAsync(_prefix + "a", "2");

        Assert.IsType<WatchChanges>(await next);
    }

    [Fact]
    public async Task Rule6_EtcdFrozen_PingsEndTheWatch()
    {
        await using var etcd = await EtcdProcess.StartNewAsync();
        // No progress requests: only the connection's pings are left to notice.
        using var client = new EtcdClient(
            EtcdClientOptions.ForEndpoints(etcd.Endpoint) with { WatchProgressInterval = TimeSpan.Zero, PingInterval = TimeSpan.FromSeconds(1), PingTimeout = TimeSpan.FromSeconds(1) },
            TimeProvider.System);
        await using var watch = new WatchReader(client, KeyRange.Prefix("k"), 1, owned: false);
        Assert.IsType<WatchOpened>(await watch.NextAsync());

        await etcd.FreezeAsync();

        Assert.IsType<WatchInterrupted>(await watch.NextAsync());
    }

    private WatchReader Watch(long from) => new(_client, KeyRange.Prefix(_prefix), from, owned: false);
}
