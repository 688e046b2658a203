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
        await using var stream = new TunnelStream(
            client, GatewayUnderTest.BaseId, new LoadCounters(TimeProvider.System, 1), () => { }, canCancel: true);
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
