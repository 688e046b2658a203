using BucketProxy.Gateway.Load;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Gateway.Tunnels;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Tunnels;

public sealed class TunnelStreamTests
{
    // Else the node's connection is ended, and with it the write that brings the client its last frame.
    [Fact]
    public async Task CloseNode_LastFrameAndCloseCameTogether_HasClosedOnlyWhenTheClientHasTheFrame()
    {
        await using var client = new SlowClient();
        await using var stream = Open(client);
        stream.StopClient();
        var closed = stream.CloseNode();
        var last = Ws.Frame(Ws.Text, "last", masked: false);

        var writing = stream.WriteAsync((byte[])[.. last, .. Ws.Frame(Ws.Close, [], masked: false)]);

        Assert.Equal(last, client.Written);
        Assert.False(closed.IsCompleted);
        client.Taken.SetResult();
        await writing;
        await closed.Within();
    }

    [Fact]
    public async Task CloseNode_NodesCloseIsOnItsWay_HasClosedWhenTheClientHasIt()
    {
        await using var client = new SlowClient();
        await using var stream = Open(client);
        var writing = stream.WriteAsync(Ws.Frame(Ws.Close, [3, 232], masked: false));
        stream.StopClient();

        var closed = stream.CloseNode();

        Assert.False(closed.IsCompleted);
        client.Taken.SetResult();
        await writing;
        await closed.Within();
    }

    // Its close came in pieces, and a move between them.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task CloseNode_InsideTheNodesClose_HasClosedWithItsRest(int first)
    {
        await using var client = new MemoryStream();
        await using var stream = Open(client);
        var close = Ws.Frame(Ws.Close, [3, 232], masked: false);
        await stream.WriteAsync(close.AsMemory(0, first));
        stream.StopClient();

        var closed = stream.CloseNode();
        await stream.WriteAsync(close.AsMemory(first));

        await closed.Within();
        Assert.Equal(close, client.ToArray());
        Assert.True(await stream.TryCloseClientAsync(CancellationToken.None));
        Assert.Equal(close, client.ToArray());
    }

    [Fact]
    public async Task CloseNode_NodeHasClosed_CompletedAtOnce()
    {
        await using var client = new MemoryStream();
        await using var stream = Open(client);
        await stream.WriteAsync(Ws.Frame(Ws.Close, [3, 232], masked: false));
        stream.StopClient();

        Assert.True(stream.CloseNode().IsCompleted);
    }

    private static TunnelStream Open(Stream client) =>
        new(client, GatewayUnderTest.BaseId, new LoadCounters(TimeProvider.System, 1), () => { }, () => { }, canCancel: true);

    private sealed class SlowClient : MemoryStream
    {
        public TaskCompletionSource Taken { get; } = new();

        public byte[] Written { get; private set; } = [];

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Written = buffer.ToArray();
            await Taken.Task;
        }
    }
}
