using System.Net.Sockets;
using System.Runtime.CompilerServices;
using BucketProxy.Forwarder.Loops;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Loops;

/// <summary>What a close does to whoever waits, to later calls, and to the peer.</summary>
public sealed class LoopSocketCloseTests
{
    [Fact]
    public async Task Close_WhoWaits_IsExecutedOnceElsewhere()
    {
        using var pair = await LoopPair.ConnectAsync(peerBuffer: 4096);
        while (pair.Ours.TrySend(new byte[64 * 1024]) != LoopSocket.NotNow)
        {
        }
        var caller = Thread.CurrentThread;
        var reader = new CountingWaiter();
        var writer = new CountingWaiter();
        Assert.True(pair.Ours.TryAwaitReadable(reader));
        Assert.True(pair.Ours.TryAwaitWritable(writer));

        pair.Ours.Close();
        var (fromReader, fromWriter) = (reader.Thread, writer.Thread);
        pair.Ours.Close();
        await reader.Executed.Within();
        await writer.Executed.Within();

        Assert.False(ReferenceEquals(caller, fromReader) || ReferenceEquals(caller, fromWriter));
        Assert.Equal((1, 1), (reader.Count, writer.Count));
        Assert.True(pair.Ours.IsClosed);
    }

    [Fact]
    public async Task Close_EveryCallFromThenOn_SaysSo()
    {
        using var pair = await LoopPair.ConnectAsync();
        pair.Ours.Close();

        Assert.Throws<ObjectDisposedException>(() => pair.Ours.TryReceive(new byte[1]));
        Assert.Throws<ObjectDisposedException>(() => pair.Ours.TrySend("a"u8));
        Assert.Throws<ObjectDisposedException>(() => pair.Ours.TakeError());
        Assert.Null(pair.Ours.OwnAddress());
        Assert.False(pair.Ours.IsQuiet);
        Assert.False(pair.Ours.IsQuietForCertain());
        Assert.False(pair.Ours.TryAwaitReadable(new CountingWaiter()));
        Assert.False(pair.Ours.TryAwaitWritable(new CountingWaiter()));
    }

    [Fact]
    public async Task Close_WhileATryWasAboutToBegin_TheNextTrySaysSo()
    {
        // The try takes the note down behind the close that put it up: whoever goes by the note alone tries and waits in turn, for ever.
        using var pair = await LoopPair.ConnectAsync();
        pair.Ours.Close();
        Input(pair.Ours).Begin();

        Assert.False(pair.Ours.TryAwaitReadable(new CountingWaiter()));
        Assert.Throws<ObjectDisposedException>(() => pair.Ours.TryReceive(new byte[1]));
    }

    [Fact]
    public async Task Close_Abort_PeerSeesAReset()
    {
        using var pair = await LoopPair.ConnectAsync();

        pair.Ours.Close(abort: true);

        var e = await Assert.ThrowsAsync<SocketException>(() => pair.Peer.ReceiveAsync(new byte[1]).Within());
        Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
    }

    [Fact]
    public async Task Close_NoAbort_PeerSeesTheEndBehindAllBytes()
    {
        using var pair = await LoopPair.ConnectAsync();
        Assert.Equal(3, pair.Ours.TrySend("abc"u8));

        pair.Ours.Close();

        var got = new byte[10];
        Assert.Equal(3, await pair.Peer.ReceiveAsync(got).Within());
        Assert.Equal(0, await pair.Peer.ReceiveAsync(got).Within());
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_input")]
    private static extern ref Side Input(LoopSocket socket);
}
