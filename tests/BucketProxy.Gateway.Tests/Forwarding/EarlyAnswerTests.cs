using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Forwarding;

/// <summary>Answers that come before the request's body: what the client is told of its connection, and that it gets the answer whole (RFC 9112 sections 9.3 and 9.6).</summary>
public sealed class EarlyAnswerTests
{
    private const int Large = 50 * 1024 * 1024;
    private const string Post = $"POST {GatewayUnderTest.Path} HTTP/1.1\r\nHost: p\r\n";

    [Theory]
    [InlineData("Content-Length: 1\r\n\r\n", "a")]
    [InlineData("Content-Length: 1000\r\n\r\nabc", "rest")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\na", "bc\r\n0\r\n\r\n")]
    public async Task NodeAnswersBeforeTheBody_ClientIsToldThatItsConnectionEnds_WithYarpItWaits(string begun, string rest)
    {
        if (rest == "rest")
            rest = new string('d', 997);
        var log = new CapturedLog();
        var answered = new TaskCompletionSource();
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync(FakeNode.Ok);
            answered.TrySetResult();
            await wire.ReadToEndAsync();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, log: log);
        await using var client = await gateway.ClientAsync();

        await client.SendAsync(Post + begun);
        if (GatewayUnderTest.Forwarder == ForwarderKind.Yarp)
        {
            await answered.Task.Within();
            await client.SendAsync(rest);
        }
        var response = await client.ReadResponseAsync();

        Assert.Equal("ok", response.Text);
        // With YARP all of the body has come: the connection is as good as before.
        Assert.Equal(GatewayUnderTest.Forwarder == ForwarderKind.Yarp ? null : "close", response.Header("Connection"));
        if (GatewayUnderTest.Forwarder != ForwarderKind.Yarp)
        {
            await client.SendAsync(rest);
            Assert.Empty(await client.Wire.ReadToEndAsync());
        }
        Assert.Empty(log.Faults);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NodeRefusesALargeUpload_ClientGetsTheAnswerWhole(bool nodeReadsOn)
    {
        const string Refusal = "too large for this node";
        var log = new CapturedLog();
        await using var node = new FakeNode(async (_, wire) =>
        {
            await wire.SendAsync($"HTTP/1.1 413 Content Too Large\r\nContent-Length: {Refusal.Length}\r\nConnection: close\r\n\r\n{Refusal}");
            if (!nodeReadsOn)
                throw new EndOfStreamException();
            while (await wire.SkipSomeAsync() > 0)
            {
            }
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, log: log);
        await using var client = await gateway.ClientAsync();

        var response = await UploadAsync(client, GatewayUnderTest.Path);

        // Through YARP's forwarder a node that closes is not heard; but no client meets a reset.
        var isHeard = nodeReadsOn || GatewayUnderTest.Forwarder == ForwarderKind.Direct;
        Assert.True(response.Status == 413 || (!isHeard && response.Status == 502), response.Head);
        if (response.Status == 413)
            Assert.Equal(Refusal, response.Text);
        Assert.Empty(log.Faults);
    }

    [Fact]
    public async Task OwnRefusalOfALargeUpload_ClientGetsTheAnswerWhole()
    {
        var log = new CapturedLog();
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, new GatewayOptions { MaxBodyBytes = 1000 }, log: log);
        await using var client = await gateway.ClientAsync();

        var response = await UploadAsync(client, GatewayUnderTest.Path);

        Assert.Equal(413, response.Status);
        Assert.Contains("error_msg", response.Text, StringComparison.Ordinal);
        Assert.Equal("close", response.Header("Connection"));
        Assert.Empty(await client.Wire.ReadToEndAsync());
        Assert.Empty(log.Faults);
    }

    [Theory]
    [InlineData("/nowhere/", 404)]
    [InlineData("/dtables/nonsense/", 400)]
    [InlineData("/ping/", 404)]
    public async Task OwnAnswer_BodyHasNotCome_ClientIsToldThatItsConnectionEnds(string target, int status)
    {
        var log = new CapturedLog();
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, log: log);
        await using var client = await gateway.ClientAsync();

        await client.SendAsync($"POST {target} HTTP/1.1\r\nHost: p\r\nContent-Length: 5\r\n\r\nab");
        var response = await client.ReadResponseAsync();

        Assert.Equal(status, response.Status);
        Assert.Equal("close", response.Header("Connection"));
        await client.SendAsync("cde");
        Assert.Empty(await client.Wire.ReadToEndAsync());
        Assert.Empty(log.Faults);
    }

    [Theory]
    [InlineData("Content-Length: 5\r\n\r\nabcde")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n")]
    [InlineData("Content-Length: 0\r\n\r\n")]
    public async Task OwnAnswer_BodyIsThere_ConnectionIsUsedAgain(string rest)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();

        var first = await client.AskAsync("POST /nowhere/ HTTP/1.1\r\nHost: p\r\n" + rest);
        var second = await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        Assert.Equal(404, first.Status);
        Assert.Null(first.Header("Connection"));
        Assert.Equal("ok", second.Text);
    }

    [Fact]
    public async Task OwnAnswer_ClientWaitsToBeAsked_ItIsNotAskedAndItsConnectionEnds()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync("POST /nowhere/ HTTP/1.1\r\nHost: p\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");

        Assert.Equal(404, response.Status);
        Assert.Equal("close", response.Header("Connection"));
    }

    /// <summary>Sends all of it first, as simple clients do, and reads only then.</summary>
    private static async Task<RawResponse> UploadAsync(RawClient client, string target)
    {
        await client.SendAsync($"POST {target} HTTP/1.1\r\nHost: p\r\nContent-Length: {Large}\r\n\r\n");
        var part = new byte[64 * 1024];
        for (var left = Large; left > 0; left -= part.Length)
            await client.Wire.SendAsync(part).Within();
        return await client.ReadResponseAsync();
    }
}
