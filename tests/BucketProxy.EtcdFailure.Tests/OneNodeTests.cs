using System.Diagnostics;
using BucketProxy.Core.Bases;
using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Kv;
using BucketProxy.EtcdTesting;
using Xunit.Abstractions;

namespace BucketProxy.EtcdFailure.Tests;

/// <summary>One etcd, and what can become of it.</summary>
public sealed class OneNodeTests(ITestOutputHelper output) : IAsyncLifetime
{
    private EtcdProcess _etcd = null!;
    private TcpRelay _relay = null!;

    public async Task InitializeAsync()
    {
        _etcd = await EtcdProcess.StartNewAsync();
        _relay = new TcpRelay(_etcd.ClientPort);
    }

    public async Task DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _etcd.DisposeAsync();
    }

    [Theory]
    [InlineData("kill -9")]
    [InlineData("SIGTERM")]
    public async Task Etcd_EndsAndComesBack_TableStaysAndThenFollows(string how)
    {
        await using var lab = await MirrorLab.StartAsync(Direct(), output);
        var epoch = await lab.AssignAsync(7, 3);
        await lab.UntilEpochAsync(7, epoch);

        var ended = Stopwatch.GetTimestamp();
        if (how == "kill -9")
            await _etcd.KillAsync();
        else
            await _etcd.TerminateAsync();
        var noticed = await lab.NoticedAsync(ended);
        Assert.Equal(epoch, lab.Observer.Table![new Bucket(7)].Epoch);

        _etcd.Start();
        await _etcd.WaitUntilServingAsync();
        var back = Stopwatch.GetTimestamp();
        await lab.RecoveredAsync($"one etcd, {how}, started again", noticed, back);
        await lab.UntilEpochAsync(9, await lab.AssignAsync(9, 1));
        lab.Observer.AssertSound();
    }

    [Fact]
    public async Task Rule4_CompactedWhileAway_NewSnapshotWithoutFlapping()
    {
        await using var lab = await MirrorLab.StartAsync(ThroughRelay(), output, Direct());
        _relay.Hold();
        var noticed = await lab.NoticedAsync(Stopwatch.GetTimestamp());
        for (var i = 0; i < 20; i++)
            await lab.AssignAsync(i, (i % 3) + 1);
        var last = await lab.AssignAsync(5, 2);
        await lab.Writer.CompactAsync(last, physical: true);

        var back = Stopwatch.GetTimestamp();
        _relay.Release();
        await lab.RecoveredAsync("compacted while the proxy was cut off", noticed, back);

        await lab.UntilEpochAsync(5, last);
        lab.Observer.AssertSound();
    }

    [Fact]
    public async Task Rule10_DeletionAtTheCompactedRevision_IsNotMissed()
    {
        await using var lab = await MirrorLab.StartAsync(ThroughRelay(), output, Direct());
        await lab.Writer.PutAsync(MirrorLab.Node(4), """{"node_url":"http://public/4","local_node_url":"http://10.0.0.4:5000"}""");
        await lab.UntilAsync(() => lab.Observer.Table!.Nodes.ContainsKey(MirrorLab.Node(4)), "the fourth node");
        _relay.Hold();
        var noticed = await lab.NoticedAsync(Stopwatch.GetTimestamp());
        // etcd before 3.4.36 and 3.5.18 loses this deletion for a watch that begins at its revision.
        var deleted = (await lab.Writer.DeleteAsync(KeyRange.Key(MirrorLab.Node(4)))).Header.Revision;
        await lab.Writer.CompactAsync(deleted, physical: true);

        var back = Stopwatch.GetTimestamp();
        _relay.Release();
        await lab.RecoveredAsync("a deletion at the compacted revision", noticed, back);

        await lab.UntilAsync(() => !lab.Observer.Table!.Nodes.ContainsKey(MirrorLab.Node(4)), "the deletion");
    }

    [Fact]
    public async Task TenThousandChangesWhileAway_AllOfThemArrive()
    {
        await using var lab = await MirrorLab.StartAsync(ThroughRelay(), output, Direct());
        using var watcher = new EtcdClient(ThroughRelay(), TimeProvider.System);
        var start = await lab.AssignAsync(0, 1);
        await using var recorder = new ChangeRecorder(watcher, KeyRange.Prefix(MirrorLab.Keys.Assignments), start);
        await lab.UntilAsync(() => recorder.Last == start, "the recorder's first change");
        _relay.Hold();
        var noticed = await lab.NoticedAsync(Stopwatch.GetTimestamp());

        var acknowledged = new List<long>();
        foreach (var chunk in Enumerable.Range(0, 10_000).Chunk(250))
            acknowledged.AddRange(await Task.WhenAll(chunk.Select(i => lab.AssignAsync(i % 256, (i % 3) + 1))));

        // Each connection notices for itself; a watch that only paused would prove nothing.
        await lab.UntilAsync(() => recorder.Interruptions > 0, "the recorder notices, too");
        var back = Stopwatch.GetTimestamp();
        _relay.Release();
        await lab.RecoveredAsync("10,000 changes while the proxy was cut off", noticed, back);
        await lab.UntilAsync(() => recorder.Last >= acknowledged.Max(), "the recorder's last change");
        Assert.Equal(10_000, acknowledged.Distinct().Count());
        recorder.AssertHolds(acknowledged);
    }

    [Fact]
    public async Task SlowWatcher_ManyLargeChanges_LosesNothingAndHoldsNobodyUp()
    {
        using var client = new EtcdClient(Direct(), TimeProvider.System);
        var start = (await client.PutAsync("big", "first")).Header.Revision;
        await using var watch = client.WatchAsync(KeyRange.Key("big"), start + 1).GetAsyncEnumerator();
        // Opened, and then not read: 40 MB of changes wait.
        Assert.True(await watch.MoveNextAsync());
        var value = new byte[40_000];
        var acknowledged = new List<long>();
        foreach (var chunk in Enumerable.Range(0, 1000).Chunk(50))
            acknowledged.AddRange(await Task.WhenAll(chunk.Select(async _ => (await client.PutAsync("big", value)).Header.Revision)));
        // Other calls on the same connection are not held up by the watch that nobody reads.
        await client.RangeAsync(KeyRange.Key("big"));

        var seen = new List<long>();
        var since = Stopwatch.GetTimestamp();
        while (seen.Count < 1000)
        {
            Assert.True(await watch.MoveNextAsync());
            if (watch.Current is BucketProxy.Etcd.Watching.WatchChanges changes)
                seen.AddRange(changes.Events.Select(e => e.KeyValue.ModRevision));
        }

        Report.Write(output, "a watcher that reads nothing for 40 MB of changes, then all", null, Stopwatch.GetElapsedTime(since));
        Assert.Equal(acknowledged.Order(), seen);
    }

    [Fact]
    public async Task Rule4_RestoredFromAnOlderSnapshot_IsNotAdoptedBeforeAnOperatorAcceptsIt()
    {
        await using var lab = await MirrorLab.StartAsync(Direct(), output);
        var folder = Directory.CreateTempSubdirectory("etcd-test-restore-");
        try
        {
            var file = Path.Combine(folder.FullName, "backup.db");
            await Command.RunAsync("etcdctl", "--endpoints", _etcd.Endpoint, "snapshot", "save", file);
            long epoch = 0;
            for (var i = 0; i < 50; i++)
                epoch = await lab.AssignAsync(7, (i % 3) + 1);
            await lab.UntilEpochAsync(7, epoch);

            await _etcd.KillAsync();
            var data = Path.Combine(folder.FullName, "restored");
            await Command.RunAsync(
                "etcdctl", "snapshot", "restore", file, "--data-dir", data, "--name", _etcd.Name,
                "--initial-cluster", $"{_etcd.Name}={_etcd.PeerUrl}", "--initial-advertise-peer-urls", _etcd.PeerUrl);
            await using var restored = EtcdProcess.Create(new() { DataDirectory = data, ClientPort = _etcd.ClientPort, PeerPort = _etcd.PeerPort });
            var started = Stopwatch.GetTimestamp();
            restored.Start();
            await restored.WaitUntilServingAsync();

            await lab.UntilAsync(() => lab.Mirror.Status.NotAdopted is not null, "the refusal");
            var noticed = Stopwatch.GetElapsedTime(started);
            Assert.Equal(epoch, lab.Observer.Table![new Bucket(7)].Epoch);
            lab.Observer.AssertSound();

            lab.Observer.ExpectAnotherHistory();
            var accepted = Stopwatch.GetTimestamp();
            await lab.Mirror.AcceptStoreAsync(CancellationToken.None);
            await lab.RecoveredAsync("restored from an older snapshot, then accepted by an operator", noticed, accepted);
            Assert.True(lab.Observer.Table![new Bucket(7)].Epoch < epoch);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Rule4_AnotherClusterAtTheSameAddress_IsNotAdopted()
    {
        await using var lab = await MirrorLab.StartAsync(Direct(), output);
        var epoch = lab.Observer.Table![new Bucket(7)].Epoch;
        await _etcd.KillAsync();
        // As full as the first, and further on: neither emptiness nor its revision gives it away.
        await using var other = EtcdProcess.Create(new()
        {
            Name = "other",
            ClientPort = _etcd.ClientPort,
            PeerPort = FreePort.Next(),
            Arguments = ["--initial-cluster-token", "another"],
        });
        var started = Stopwatch.GetTimestamp();
        other.Start();
        await other.WaitUntilServingAsync();
        using (var client = new EtcdClient(Direct(), TimeProvider.System))
        {
            await MirrorLab.SeedAsync(client);
            for (var i = 0; i < 50; i++)
                await client.PutAsync(MirrorLab.Keys.Assignment(new Bucket(7)), MirrorLab.Node(1));
        }

        await lab.UntilAsync(() => lab.Mirror.Status.NotAdopted?.Contains("another store", StringComparison.Ordinal) == true, "the refusal");

        Report.Write(output, "another cluster at the same address (refused)", Stopwatch.GetElapsedTime(started), TimeSpan.Zero);
        Assert.Equal(epoch, lab.Observer.Table![new Bucket(7)].Epoch);
        lab.Observer.AssertSound();
    }

    private EtcdClientOptions Direct() => EtcdClientOptions.ForEndpoints(_etcd.Endpoint);

    private EtcdClientOptions ThroughRelay() => EtcdClientOptions.ForEndpoints($"127.0.0.1:{_relay.Port}");
}
