using System.Net;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Monitor.Executing;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Executing;

public sealed class NodeCallsTests
{
    [Fact]
    public async Task PingAsync_Answers_IsTrueAndErrorsAreFalse()
    {
        await using var node = await FakeNode.StartAsync("dtable-server-a");
        using var calls = new NodeCalls(new MonitorOptions(), TimeProvider.System);
        Assert.True(await calls.PingAsync(node.Url + "/", default));
        node.Pings = false;
        Assert.False(await calls.PingAsync(node.Url, default));
        Assert.False(await calls.PingAsync("http://127.0.0.1:1", default));
        Assert.False(await calls.PingAsync("no url", default));
    }

    [Fact]
    public async Task Calls_NodeOutsideTheNetworks_AreNeverMade()
    {
        await using var node = await FakeNode.StartAsync("dtable-server-a");
        using var calls = new NodeCalls(
            new MonitorOptions { NodeNetworks = new NodeNetworks([IPNetwork.Parse("10.0.0.0/8")]) }, TimeProvider.System);
        Assert.False(await calls.PingAsync(node.Url, default));
        Assert.Contains("10.0.0.0/8", await calls.ReleaseAsync(Call(node.Url, 0.5), default), StringComparison.Ordinal);
        Assert.Empty(node.Releases);
    }

    [Fact]
    public async Task ReleaseAsync_Success_CarriesBucketEpochAndBase()
    {
        await using var node = await FakeNode.StartAsync("dtable-server-a");
        using var calls = new NodeCalls(new MonitorOptions(), TimeProvider.System);
        Assert.Null(await calls.ReleaseAsync(Call(node.Url, 30), default));
        Assert.Equal("""{"bucket":"0f","epoch":42,"base":null}""", Assert.Single(node.Releases).ToJsonString());
    }

    [Fact]
    public async Task ReleaseAsync_RefusedForGood_IsNotTriedAgain()
    {
        await using var node = await FakeNode.StartAsync("dtable-server-a");
        node.Answers.Enqueue(409);
        using var calls = new NodeCalls(new MonitorOptions(), TimeProvider.System);
        Assert.Contains("409", await calls.ReleaseAsync(Call(node.Url, 30), default), StringComparison.Ordinal);
        Assert.Single(node.Releases);
    }

    [Fact]
    public async Task ReleaseAsync_NobodyThere_GivesUpInTimeAndSaysWhy()
    {
        using var calls = new NodeCalls(new MonitorOptions(), TimeProvider.System);
        var failure = await calls.ReleaseAsync(Call("http://127.0.0.1:1", 0.5), default);
        Assert.Contains("not within 0.5 s", failure, StringComparison.Ordinal);
        Assert.Contains("refused", failure, StringComparison.Ordinal);
    }

    private static CallReleaseAction Call(string url, double seconds) =>
        new("dtable-server-a", url, new Bucket(0x0f), null, 42, 7, TimeSpan.FromSeconds(seconds));
}
