using System.Diagnostics;
using BucketProxy.Core.Bases;
using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Errors;
using BucketProxy.EtcdTesting;
using Xunit.Abstractions;

namespace BucketProxy.EtcdFailure.Tests;

/// <summary>Networks that fall silent between a proxy and etcd: real namespaces, a real router, real blackholes.</summary>
public sealed class NetworkTests(ITestOutputHelper output) : IAsyncLifetime
{
    private EtcdNetwork _network = null!;
    private EtcdCluster _cluster = null!;

    public async Task InitializeAsync()
    {
        _network = await EtcdNetwork.CreateAsync(3);
        _cluster = await EtcdCluster.StartAsync(3, prefix: _network.Place);
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        await _network.DisposeAsync();
    }

    [Theory]
    [InlineData("both ways")]
    [InlineData("its requests only")]
    [InlineData("the answers only")]
    public async Task Proxy_CutOffAlone_KeepsItsTableAndThenCatchesUp(string how)
    {
        await using var lab = await MirrorLab.StartAsync(Options(), output);
        var before = lab.Observer.Table![new Bucket(7)].Epoch;

        var cut = Stopwatch.GetTimestamp();
        if (how != "the answers only")
            await _network.CutRequestsAsync();
        if (how != "its requests only")
            await _network.CutAnswersAsync();
        var noticed = await lab.NoticedAsync(cut);
        // Meanwhile the others go on.
        await _network.RunAtAsync(1, "etcdctl", "--endpoints", _cluster.Nodes[0].Endpoint, "put", MirrorLab.Keys.Assignment(new Bucket(7)), MirrorLab.Node(2));
        Assert.Equal(before, lab.Observer.Table![new Bucket(7)].Epoch);
        lab.Observer.AssertSound();

        await _network.HealAsync();
        var healed = Stopwatch.GetTimestamp();
        await lab.RecoveredAsync($"the proxy alone cut off, {how}", noticed, healed);
        Assert.True(lab.Observer.Table![new Bucket(7)].Epoch > before);
        Assert.Equal(MirrorLab.Node(2), lab.Observer.Table![new Bucket(7)].Owner!.Id);
    }

    [Fact]
    public async Task Rule2_MemberIsolatedFromTheOthers_TheProxyLeavesIt()
    {
        await using var lab = await MirrorLab.StartAsync(Options(), output);

        // The proxy still reaches the member, and the member answers pings. Only the others are out of its reach.
        var cut = Stopwatch.GetTimestamp();
        await _network.IsolateAsync(1);
        var epoch = await WriteElsewhereAsync();
        await lab.UntilAsync(() => lab.Observer.Table![new Bucket(7)].Epoch >= epoch, "the change that only the majority has");

        await lab.RecoveredAsync("the proxy's member cut off from the other members", null, cut);
        await _network.HealAsync();
    }

    private async Task<long> WriteElsewhereAsync()
    {
        using var majority = new EtcdClient(
            new EtcdClientOptions { Endpoints = _cluster.Endpoints[1..], CallTimeout = TimeSpan.FromSeconds(20) }, TimeProvider.System);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return (await majority.PutAsync(MirrorLab.Keys.Assignment(new Bucket(7)), MirrorLab.Node(2))).Header.Revision;
            }
            catch (EtcdOutcomeUnknownException) when (attempt < 5)
            {
                // The member that is cut off was the leader, and the proposal went to it. Twice the same value does no harm here.
            }
        }
    }

    private EtcdClientOptions Options() => new() { Endpoints = _cluster.Endpoints };
}
