using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Gateway.Tests.Tunnels;

public sealed class PollTests
{
    private const string Poll = $"/socket.io/?dtable_uuid={GatewayUnderTest.Uuid}&EIO=4&transport=polling&sid=abc";
    private static readonly Bucket Bucket = GatewayUnderTest.Bucket;

    [Fact]
    public async Task Poll_Answered_PassedThroughAndNothingIsLeft()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        Assert.Equal("ok", (await gateway.AskAsync(GatewayUnderTest.Get(Poll))).Text);
        await GatewayUnderTest.UntilAsync(() => gateway.Traffic is { OpenTunnels: 0, PlainRequests: 0 }, "nothing is in flight");
    }

    [Fact]
    public async Task Move_PollWaits_Cut503AndSilent()
    {
        var arrived = new TaskCompletionSource();
        await using var node = new FakeNode(async (_, wire) =>
        {
            arrived.SetResult();
            await wire.ReadByteAsync();
            throw new EndOfStreamException();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();
        await client.SendAsync(GatewayUnderTest.Get(Poll));
        await arrived.Task.Within();
        Assert.Equal(1, gateway.Traffic.OpenTunnels);

        gateway.Tables.Moving(Bucket, node.Record).Publish();
        await gateway.Traffic.WhenSilentAsync(Bucket, null).Within();

        Assert.Equal(503, (await client.ReadResponseAsync()).Status);
        await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0, "the node's connection is closed");
    }

    [Fact]
    public async Task Move_PollIsBeingAnswered_AnsweredToItsEndAndWaitedFor()
    {
        var begun = new TaskCompletionSource();
        var rest = new TaskCompletionSource();
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
            begun.SetResult();
            await rest.Task;
            await wire.SendAsync("cd");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();
        await client.SendAsync(GatewayUnderTest.Get(Poll));
        Assert.StartsWith("HTTP/1.1 200", await client.Wire.ReadHeadAsync(), StringComparison.Ordinal);

        gateway.Tables.Moving(Bucket, node.Record).Publish();
        var silent = gateway.Traffic.WhenSilentAsync(Bucket, null);
        Assert.False(silent.IsCompleted);
        rest.SetResult();

        Assert.Equal("abcd", System.Text.Encoding.Latin1.GetString(await client.Wire.ReadExactlyAsync(4)));
        await silent.Within();
    }

    [Fact]
    public async Task Move_PollOfAnotherPin_GoesOn()
    {
        var answer = new TaskCompletionSource();
        var arrived = new TaskCompletionSource();
        await using var node = new FakeNode(async (_, wire) =>
        {
            arrived.SetResult();
            await answer.Task;
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();
        await client.SendAsync(GatewayUnderTest.Get(Poll));
        await arrived.Task.Within();
        var pin = BasePrefix.Of(BaseId.Parse("0fffffff-7c2d-4e8f-9a0b-1c2d3e4f5a6b"));

        gateway.Tables.Reopen(gateway.Tables.Current.Table[Bucket]).Moving(Bucket, node.Record, pin).Publish();
        await gateway.Traffic.WhenSilentAsync(Bucket, pin).Within();
        answer.SetResult();

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
    }

    [Theory]
    [InlineData("POST", Poll)]
    [InlineData("GET", $"/socket.io/?dtable_uuid={GatewayUnderTest.Uuid}&EIO=4&transport=polling")]
    public async Task Move_SocketIoRequestThatIsNoPoll_IsWaitedFor(string method, string target)
    {
        var arrived = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        await using var node = new FakeNode(async (_, wire) =>
        {
            arrived.SetResult();
            await answer.Task;
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();
        await client.SendAsync($"{method} {target} HTTP/1.1\r\nHost: p\r\nContent-Length: 0\r\n\r\n");
        await arrived.Task.Within();

        gateway.Tables.Moving(Bucket, node.Record).Publish();
        var silent = gateway.Traffic.WhenSilentAsync(Bucket, null);
        Assert.False(silent.IsCompleted);
        answer.SetResult();

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        await silent.Within();
    }
}
