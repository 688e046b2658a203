using System.Collections.Concurrent;
using BucketProxy.Gateway.Pipeline;
using BucketProxy.Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;

namespace BucketProxy.Gateway.Tests.Pipeline;

/// <summary>What makes YARP take another configuration: another set of nodes, and nothing else.</summary>
public sealed class ReloadTests
{
    private const int Rounds = 50;

    [Fact]
    public async Task Owners_OfEveryBucketChangeUnderLoad_NoReload_ANewNodeIsOne()
    {
        await using var one = new FakeNode();
        await using var two = new FakeNode(id: "dtable-server-02");
        await using var three = new FakeNode(id: "dtable-server-03");
        var reloads = new Reloads();
        await using var gateway = await GatewayUnderTest.StartAsync(
            one.Record, extensions: new GatewayExtensions { Proxy = proxy => proxy.Services.AddSingleton<IConfigChangeListener>(reloads) });
        gateway.Tables.Node(two.Record).Publish();
        await GatewayUnderTest.UntilAsync(() => reloads.Nodes == 2, "YARP has taken the second node");
        var (applied, loaded) = (reloads.Applied, reloads.Loaded);

        using var stop = new CancellationTokenSource();
        var statuses = new ConcurrentDictionary<int, int>();
        var load = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            await using var client = await gateway.ClientAsync();
            while (!stop.IsCancellationRequested)
                statuses.AddOrUpdate((await client.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"))).Status, 1, static (_, n) => n + 1);
        })).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            var owner = round % 2 == 0 ? two : one;
            var before = owner.Requests.Count;
            gateway.Tables.OpenAll(owner.Record).Publish();
            // The load has followed.
            await GatewayUnderTest.UntilAsync(() => owner.Requests.Count > before, "requests go to the new owner");
        }
        await stop.CancelAsync();
        await Task.WhenAll(load);

        Assert.Equal([200], statuses.Keys);
        Assert.Equal((applied, loaded), (reloads.Applied, reloads.Loaded));
        gateway.Tables.Node(three.Record).Publish();
        await GatewayUnderTest.UntilAsync(() => reloads.Nodes == 3, "YARP has taken the third node");
        Assert.Equal((applied + 1, loaded + 1), (reloads.Applied, reloads.Loaded));
        Assert.Equal(0, reloads.Failed);
    }

    private sealed class Reloads : IConfigChangeListener
    {
        private int _applied;
        private int _loaded;
        private int _failed;
        private int _nodes;

        public int Applied => Volatile.Read(ref _applied);

        public int Loaded => Volatile.Read(ref _loaded);

        /// <summary>How many YARP knows by what it has applied.</summary>
        public int Nodes => Volatile.Read(ref _nodes);

        public int Failed => Volatile.Read(ref _failed);

        public void ConfigurationApplied(IReadOnlyList<IProxyConfig> proxyConfigs)
        {
            Interlocked.Increment(ref _applied);
            Volatile.Write(ref _nodes, proxyConfigs.SelectMany(c => c.Clusters).Sum(c => c.Destinations!.Count));
        }

        public void ConfigurationLoaded(IReadOnlyList<IProxyConfig> proxyConfigs) => Interlocked.Increment(ref _loaded);

        public void ConfigurationLoadingFailed(IProxyConfigProvider configProvider, Exception exception) => Interlocked.Increment(ref _failed);

        public void ConfigurationApplyingFailed(IReadOnlyList<IProxyConfig> proxyConfigs, Exception exception) => Interlocked.Increment(ref _failed);
    }
}
