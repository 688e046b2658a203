using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Gateway.Tests.Tunnels;

/// <summary>Closing by the book (RFC 6455 sections 5.5.1 and 7.1.1): after both close frames the server's side closes the connection, and waits for nothing. The clock
/// stands still here, so that whoever waits for a limit waits for ever.</summary>
public sealed class WebSocketCloseTests
{
    private static readonly byte[] Normal = [3, 232];
    private static readonly Bucket Bucket = GatewayUnderTest.Bucket;
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Node_ClosesAndClientAnswers_BothConnectionsEndAtOnce(bool nodeEndsItsConnection)
    {
        var answered = new TaskCompletionSource<WsFrame>();
        await using var node = ClosingNode(async wire =>
        {
            answered.SetResult(await wire.ReadFrameAsync());
            if (!nodeEndsItsConnection)
                await wire.ReadToEndAsync();
            throw new EndOfStreamException();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, time: _time);
        await using var client = await SocketIo.OpenAsync(gateway);

        Assert.Equal(1000, await SocketIo.CloseCodeAsync(client));
        await client.Wire.SendAsync(Ws.Frame(Ws.Close, Normal, masked: true));

        Assert.Empty(await client.Wire.ReadToEndAsync().Within());
        Assert.Equal(1000, (await answered.Task.Within()).CloseCode);
        await NothingIsOpenAsync(gateway, node);
    }

    [Fact]
    public async Task Node_ClosesAndEndsAtOnce_ClientsAnswerEndsItsConnection()
    {
        await using var node = ClosingNode(static _ => throw new EndOfStreamException());
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, time: _time);
        await using var client = await SocketIo.OpenAsync(gateway);

        Assert.Equal(1000, await SocketIo.CloseCodeAsync(client));
        await client.Wire.SendAsync(Ws.Frame(Ws.Close, Normal, masked: true));

        Assert.Empty(await client.Wire.ReadToEndAsync().Within());
        await NothingIsOpenAsync(gateway, node);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_ClosesAndNodeAnswers_BothConnectionsEndAtOnce(bool nodeEndsItsConnection)
    {
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(Ws.Accept(request));
            var close = await wire.ReadFrameAsync();
            await wire.SendAsync(Ws.Frame(Ws.Close, close.Payload, masked: false));
            if (!nodeEndsItsConnection)
                await wire.ReadToEndAsync();
            throw new EndOfStreamException();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, time: _time);
        await using var client = await SocketIo.OpenAsync(gateway);

        await client.Wire.SendAsync(Ws.Frame(Ws.Close, Normal, masked: true));

        Assert.Equal(1000, await SocketIo.CloseCodeAsync(client));
        Assert.Empty(await client.Wire.ReadToEndAsync().Within());
        await NothingIsOpenAsync(gateway, node);
    }

    // Also where the node ends behind the first piece, or before it.
    [Theory]
    [InlineData(1, 8)]
    [InlineData(2, 8)]
    [InlineData(7, 8)]
    [InlineData(1, 1)]
    [InlineData(7, 7)]
    [InlineData(1, 0)]
    public async Task Client_AnswersInPieces_EndsWithTheLast(int first, int nodeEndsAfter)
    {
        await using var node = ClosingNode(async wire =>
        {
            await wire.ReadExactlyAsync(nodeEndsAfter);
            throw new EndOfStreamException();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, time: _time);
        await using var client = await SocketIo.OpenAsync(gateway);
        Assert.Equal(1000, await SocketIo.CloseCodeAsync(client));
        var close = Ws.Frame(Ws.Close, Normal, masked: true);

        await client.Wire.SendAsync(close.AsMemory(0, first));
        if (nodeEndsAfter == first)
            await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0, "the node has ended");
        await client.Wire.SendAsync(close.AsMemory(first));

        Assert.Empty(await client.Wire.ReadToEndAsync().Within());
        await NothingIsOpenAsync(gateway, node);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task MoveOrStop_ClientAnswersOur1012_ItsConnectionEndsAtOnce(bool isMove)
    {
        await using var node = new FakeNode(Ws.EchoAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce, _time);
        await using var client = await SocketIo.OpenAsync(gateway);

        var stop = Task.CompletedTask;
        if (isMove)
            gateway.Tables.Moving(Bucket, node.Record).Publish();
        else
            stop = gateway.Host.StopAsync();
        Assert.Equal(1012, await SocketIo.CloseCodeAsync(client));
        await client.Wire.SendAsync(Ws.Frame(Ws.Close, [3, 244], masked: true));

        Assert.Empty(await client.Wire.ReadToEndAsync().Within());
        await NothingIsOpenAsync(gateway, node);
        await stop.Within();
    }

    // It closed while the move began: it need not be asked again.
    [Fact]
    public async Task Move_ClientClosedMeanwhile_ItsConnectionEndsAtOnce()
    {
        var seen = new TaskCompletionSource();
        await using var node = new FakeNode(async (request, wire) =>
        {
            await wire.SendAsync(Ws.Accept(request));
            await wire.ReadFrameAsync();
            seen.SetResult();
            // Our own close never comes: the client's has passed.
            await wire.ReadToEndAsync();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, SocketIo.AtOnce, _time);
        await using var client = await SocketIo.OpenAsync(gateway);
        await client.Wire.SendAsync(Ws.Frame(Ws.Close, Normal, masked: true));
        await seen.Task.Within();

        gateway.Tables.Moving(Bucket, node.Record).Publish();
        await LimitPassesAsync(() => gateway.Traffic.IsSilent(Bucket, null));

        Assert.Equal(1012, await SocketIo.CloseCodeAsync(client));
        Assert.Empty(await client.Wire.ReadToEndAsync().Within());
        await NothingIsOpenAsync(gateway, node);
    }

    [Fact]
    public async Task Node_ClosesAndClientNeverAnswers_EndsWhenItsTimeIsOver()
    {
        await using var node = ClosingNode(static wire => wire.ReadToEndAsync());
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, time: _time);
        await using var client = await SocketIo.OpenAsync(gateway);
        Assert.Equal(1000, await SocketIo.CloseCodeAsync(client));
        node.CloseAll();

        var end = client.Wire.ReadToEndAsync();
        await LimitPassesAsync(() => end.IsCompleted);

        Assert.Empty(await end);
        await NothingIsOpenAsync(gateway, node);
    }

    // It says its close first.
    private static FakeNode ClosingNode(Func<RawConnection, Task> then) => new(async (request, wire) =>
    {
        await wire.SendAsync(Ws.Accept(request));
        await wire.SendAsync(Ws.Frame(Ws.Close, Normal, masked: false));
        await then(wire);
    });

    private static Task NothingIsOpenAsync(GatewayUnderTest gateway, FakeNode node) =>
        GatewayUnderTest.UntilAsync(() => gateway.Traffic.OpenTunnels == 0 && node.OpenConnections == 0, "nothing is open");

    /// <summary>Lets the clock run until something is so: a limit may begin late.</summary>
    private Task LimitPassesAsync(Func<bool> isSo) => GatewayUnderTest.UntilAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return isSo();
        },
        "the limit is over");
}
