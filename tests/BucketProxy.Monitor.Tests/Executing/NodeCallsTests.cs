using System.Net;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Monitor.Executing;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Tests.Support;

namespace BucketProxy.Monitor.Tests.Executing;

public sealed class NodeCallsTests
{
    [Fact]
    public async Task PingAsync_Answers_IsTrueAndErrorsAreFalse()
    {
        await using var node = await FakeNode.StartAsync("dtable-server-a");
        using var calls = new NodeCalls(new NodeCallOptions(), TimeProvider.System);
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
            new NodeCallOptions { NodeNetworks = new NodeNetworks([IPNetwork.Parse("10.0.0.0/8")]) }, TimeProvider.System);
        Assert.False(await calls.PingAsync(node.Url, default));
        Assert.Contains("10.0.0.0/8", await ReleaseAsync(calls, node.Url, 0.5), StringComparison.Ordinal);
        Assert.Empty(node.Releases);
    }

    [Fact]
    public async Task ReleaseAsync_Success_CarriesBucketEpochAndBase()
    {
        await using var node = await FakeNode.StartAsync("dtable-server-a");
        using var calls = new NodeCalls(new NodeCallOptions(), TimeProvider.System);
        Assert.Null(await ReleaseAsync(calls, node.Url, 30));
        Assert.Equal("""{"bucket":"0f","epoch":42,"base":null}""", Assert.Single(node.Releases).ToJsonString());
    }

    [Fact]
    public async Task ReleaseAsync_RefusedForGood_IsNotTriedAgain()
    {
        await using var node = await FakeNode.StartAsync("dtable-server-a");
        node.Answers.Enqueue(409);
        using var calls = new NodeCalls(new NodeCallOptions(), TimeProvider.System);
        Assert.Contains("409", await ReleaseAsync(calls, node.Url, 30), StringComparison.Ordinal);
        Assert.Single(node.Releases);
    }

    [Fact]
    public async Task ReleaseAsync_NobodyThere_GivesUpInTimeAndSaysWhy()
    {
        using var calls = new NodeCalls(new NodeCallOptions(), TimeProvider.System);
        var failure = await ReleaseAsync(calls, "http://127.0.0.1:1", 0.5);
        Assert.Contains("not within 0.5 s", failure, StringComparison.Ordinal);
        Assert.Contains("refused", failure, StringComparison.Ordinal);
    }

    private static Task<string?> ReleaseAsync(NodeCalls calls, string url, double seconds) =>
        calls.ReleaseAsync(url, new Bucket(0x0f), null, 42, TimeSpan.FromSeconds(seconds), default);
}
