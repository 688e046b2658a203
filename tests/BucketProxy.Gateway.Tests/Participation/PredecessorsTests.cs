using BucketProxy.Cluster.View;
using static BucketProxy.Gateway.Tests.Participation.AgentFixture;

namespace BucketProxy.Gateway.Tests.Participation;

/// <summary>A proxy that was restarted over and over while the store was away.</summary>
public sealed class PredecessorsTests
{
    // etcd's own limit, --max-txn-ops.
    private const int EtcdsLimit = 128;

    [Fact]
    public async Task Start_WithMorePredecessorsThanEtcdTakesAtOnce_TakesThemOutInSeveralWrites()
    {
        await using var proxy = new AgentFixture();
        await proxy.FillStoreAsync();
        string[] predecessors = [.. Enumerable.Range(0, 150).Select(i => $"p0-{i}")];
        foreach (var predecessor in predecessors)
        {
            await proxy.PutAsync(Keys.Proxy(predecessor), RecordJson.Write(new ProxyRecord()));
            await proxy.PutAsync(Keys.Alive(predecessor), "");
        }
        var before = (await proxy.Memory.ReadAsync([""])).Revision;

        await proxy.StartAsync(predecessors: predecessors);
        await proxy.UntilAsync(async () => await proxy.RecordAsync(predecessors[^1]) is null);

        Assert.Empty((await proxy.Memory.ReadAsync([Keys.Proxy("p0-"), Keys.Alive("p0-")])).Entries);
        var sizes = new List<int>();
        await foreach (var batch in proxy.Memory.WatchAsync([""], before + 1))
        {
            sizes.AddRange(batch.Events.CountBy(e => e.Revision).Select(revision => revision.Value));
            if (sizes.Sum() >= 2 * predecessors.Length)
                break;
        }
        Assert.All(sizes, size => Assert.InRange(size, 1, EtcdsLimit));
    }
}
