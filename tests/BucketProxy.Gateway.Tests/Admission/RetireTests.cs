using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Pipeline;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Gateway.Tests.Admission;

/// <summary>A request that was admitted to one run of the server never reaches another (G2).</summary>
public sealed class RetireTests
{
    private static readonly string Plain = GatewayUnderTest.Get(GatewayUnderTest.Path);

    // G2. The mutation: connections are kept by address alone; then a request of the next run goes over one to the run before.
    [Fact]
    public async Task NextRun_HasConnectionsOfItsOwn()
    {
        await using var node = await GatedNode.StartAsync();
        await node.Gate.AskAsync(Plain);
        await node.Gate.AskAsync(Plain);

        node.Tables.Open(GatewayUnderTest.Bucket, node.Own("run-2")).Publish();
        await node.Gate.AskAsync(Plain);

        Assert.Equal([1, 1, 2], node.Server.Requests.Select(r => r.Connection));
    }

    // G2. The mutation: a retired run may be connected to; then the request reaches whatever listens there now.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Retired_NothingGoesThereAnyMore(bool cutsAll)
    {
        await using var node = await GatedNode.StartAsync();
        await node.Gate.AskAsync(Plain);

        node.Gate.Host.Retire(GatedNode.Run);
        await GatewayUnderTest.UntilAsync(() => node.Server.OpenConnections == 0, "its connection is closed");
        if (cutsAll)
        {
            // Whatever opens again, this does not.
            node.Gate.Host.CutAll();
            node.Tables.Publish();
        }
        await using var client = await node.Gate.ClientAsync();
        await client.SendAsync(Plain);
        await GatewayUnderTest.UntilAsync(() => node.Gate.Host.Held == 1, "it is unreachable, and waits");
        Assert.Single(node.Server.Requests);
        node.Tables.Open(GatewayUnderTest.Bucket, node.Own("run-2")).Publish();

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Assert.Equal(2, node.Server.Requests.Count);
    }

    // G2. The mutation: only links that are there are retired; then the run's first request, if it comes late, connects.
    [Fact]
    public async Task Retired_BeforeItsFirstRequest_NothingGoesThere()
    {
        await using var node = await GatedNode.StartAsync(options: new GatewayOptions { HoldTime = TimeSpan.FromMilliseconds(200) });
        node.Gate.Host.Retire(GatedNode.Run);

        Assert.Equal(503, (await node.Gate.AskAsync(Plain)).Status);

        Assert.Empty(node.Server.Requests);
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("POST", "{}")]
    public async Task RetiredBetweenCheckAndSending_LooksAgainAndReachesTheNextRunOnce(string method, string body)
    {
        GatedNode? node = null;
        var runs = new List<string?>();
        var extensions = new GatewayExtensions
        {
            Pipeline = pipeline => pipeline.Use((context, next) =>
            {
                runs.Add(context.Features.GetRequiredFeature<IGrantFeature>().Node.Incarnation);
                if (runs.Count == 2)
                {
                    node!.Gate.Host.Retire(GatedNode.Run);
                    node.Tables.Open(GatewayUnderTest.Bucket, node.Own("run-2")).Publish();
                }
                return next(context);
            }),
        };
        node = await GatedNode.StartAsync(
            async (request, wire) =>
            {
                await request.ReadBodyAsync(wire);
                await wire.SendAsync(RawServer.Ok);
            }, extensions: extensions);
        await using var _ = node;
        await node.Gate.AskAsync(Plain);

        var response = await node.Gate.AskAsync(body.Length > 0 ? GatewayUnderTest.Send(method, GatewayUnderTest.Path, body) : Plain);

        Assert.Equal(200, response.Status);
        Assert.Equal(2, node.Server.Requests.Count);
        Assert.Equal([GatedNode.Run, GatedNode.Run, "run-2"], runs);
    }

    [Fact]
    public async Task RetiredWhileTheServerWorks_502()
    {
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var node = await GatedNode.StartAsync(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            began.SetResult();
            await wire.ReadByteAsync();
            throw new EndOfStreamException();
        });
        await using var client = await node.Gate.ClientAsync();
        await client.SendAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
        await began.Task.WaitAsync(TimeSpan.FromSeconds(30));

        node.Gate.Host.Retire(GatedNode.Run);

        Assert.Equal(502, (await client.ReadResponseAsync()).Status);
        Assert.Single(node.Server.Requests);
    }

    [Fact]
    public async Task Retired_ItsWebSocketsEnd()
    {
        await using var node = await GatedNode.StartAsync(Ws.EchoAsync);
        await using var client = await SocketIo.OpenAsync(node.Gate);

        node.Gate.Host.Retire(GatedNode.Run);

        await client.Wire.ReadToEndAsync();
        await GatewayUnderTest.UntilAsync(() => node.Gate.Traffic.OpenTunnels == 0 && node.Server.OpenConnections == 0, "both sides are closed");
    }

    [Fact]
    public async Task Retired_AnotherNodesConnectionsStay()
    {
        await using var node = await GatedNode.StartAsync();
        await using var other = await GatedNode.StartAsync(id: "dtable-server-02");
        node.Tables.Open(GatewayUnderTest.Bucket, other.Registered).Publish();
        await node.Gate.AskAsync(Plain);

        node.Gate.Host.Retire(GatedNode.Run);
        await node.Gate.AskAsync(Plain);

        Assert.Equal([1, 1], other.Server.Requests.Select(r => r.Connection));
    }
}
