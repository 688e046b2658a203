using System.Net.Sockets;
using BucketProxy.Forwarder.Loops;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Loops;

public sealed class LoopReceiverTests
{
    [Fact]
    public async Task Receive_BytesComeLater_AndAgain()
    {
        using var pair = await LoopPair.ConnectAsync();
        var receiver = new LoopReceiver(pair.Ours);
        var into = new byte[16];
        for (var i = 0; i < 50; i++)
        {
            var receiving = receiver.ReceiveAsync(into).AsTask();
            Assert.False(receiving.IsCompleted);
            await pair.Peer.SendAsync(Bytes.From(i, 5));
            Assert.Equal(5, await receiving.Within());
            Bytes.Check(into.AsSpan(0, 5), i);
        }
    }

    [Fact]
    public Task Receive_AnySizes_EveryByteOnceAndInOrder() => Seeded.RunAsync(5, async random =>
    {
        const int Total = 500_000;
        using var pair = await LoopPair.ConnectAsync();
        var receiver = new LoopReceiver(pair.Ours);
        var seed = random.Next();
        var sending = Task.Run(async () =>
        {
            var sizes = new Random(seed);
            for (var sent = 0; sent < Total;)
            {
                var size = Math.Min(Total - sent, 1 + sizes.Next(sizes.Next(2) == 0 ? 64 : 20_000));
                await pair.Peer.SendAsync(Bytes.From(sent, size));
                sent += size;
                if (size < 20)
                    await Task.Yield();
            }
            pair.Peer.Shutdown(SocketShutdown.Send);
        });
        var have = 0;
        while (true)
        {
            // Of the sizes that are sent, so that buffers are filled exactly.
            var into = new byte[1 + random.Next(random.Next(2) == 0 ? 64 : 20_000)];
            if (random.Next(4) == 0)
                Assert.Equal(0, await receiver.ReceiveAsync(Memory<byte>.Empty).AsTask().Within());
            var received = await receiver.ReceiveAsync(into).AsTask().Within();
            if (received == 0)
                break;
            Bytes.Check(into.AsSpan(0, received), have);
            have += received;
        }
        await sending;
        Assert.Equal(Total, have);
    });

    [Fact]
    public async Task Receive_EmptyBuffer_OnlyWaits()
    {
        using var pair = await LoopPair.ConnectAsync();
        var receiver = new LoopReceiver(pair.Ours);
        var waiting = receiver.ReceiveAsync(Memory<byte>.Empty).AsTask();
        Assert.False(waiting.IsCompleted);

        await pair.Peer.SendAsync("abc"u8.ToArray());

        Assert.Equal(0, await waiting.Within());
        Assert.Equal(0, await receiver.ReceiveAsync(Memory<byte>.Empty).AsTask().Within());
        Assert.Equal(3, await receiver.ReceiveAsync(new byte[10]).AsTask().Within());
    }

    [Fact]
    public async Task Receive_PeerEnds_ZeroFromThenOn()
    {
        using var pair = await LoopPair.ConnectAsync();
        var receiver = new LoopReceiver(pair.Ours);
        var receiving = receiver.ReceiveAsync(new byte[10]).AsTask();

        pair.Peer.Shutdown(SocketShutdown.Send);

        Assert.Equal(0, await receiving.Within());
        Assert.Equal(0, await receiver.ReceiveAsync(Memory<byte>.Empty).AsTask().Within());
        Assert.Equal(0, await receiver.ReceiveAsync(new byte[10]).AsTask().Within());
    }

    [Fact]
    public async Task Receive_PeerResets_Throws()
    {
        using var pair = await LoopPair.ConnectAsync();
        var receiving = new LoopReceiver(pair.Ours).ReceiveAsync(new byte[10]).AsTask();

        pair.Reset();

        await Assert.ThrowsAsync<IOException>(() => receiving.Within());
    }

    [Fact]
    public async Task Receive_ClosedWhileItWaits_Throws()
    {
        using var pair = await LoopPair.ConnectAsync();
        var receiver = new LoopReceiver(pair.Ours);
        var receiving = receiver.ReceiveAsync(new byte[10]).AsTask();

        pair.Ours.Close();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => receiving.Within());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => receiver.ReceiveAsync(new byte[10]).AsTask().Within());
    }

    [Fact]
    public async Task Cancel_WhileItWaits_ThrowsAndTheNextReceives()
    {
        using var pair = await LoopPair.ConnectAsync();
        var receiver = new LoopReceiver(pair.Ours);
        var into = new byte[10];
        var receiving = receiver.ReceiveAsync(into).AsTask();

        receiver.Cancel();

        await Assert.ThrowsAsync<OperationCanceledException>(() => receiving.Within());
        await pair.Peer.SendAsync(Bytes.From(0, 3));
        Assert.Equal(3, await receiver.ReceiveAsync(into).AsTask().Within());
        Bytes.Check(into.AsSpan(0, 3), 0);
    }

    [Fact]
    public Task Cancel_AsBytesCome_NothingIsLost() => Seeded.RunAsync(5, async random =>
    {
        const int Total = 3000;
        using var pair = await LoopPair.ConnectAsync();
        var receiver = new LoopReceiver(pair.Ours);
        using var begun = new SemaphoreSlim(0);
        var isOver = false;
        var seed = random.Next();
        var sending = Task.Run(async () =>
        {
            var sizes = new Random(seed);
            for (var sent = 0; sent < Total;)
            {
                var size = Math.Min(Total - sent, 1 + sizes.Next(3));
                await pair.Peer.SendAsync(Bytes.From(sent, size));
                sent += size;
                Thread.SpinWait(sizes.Next(2000));
            }
        });
        var cancelling = Task.Run(async () =>
        {
            var pauses = new Random(seed + 1);
            while (true)
            {
                await begun.WaitAsync();
                if (Volatile.Read(ref isOver))
                    return;
                Thread.SpinWait(pauses.Next(2000));
                // Of whichever receive is under way by now; of none, until the next begins.
                receiver.Cancel();
            }
        });
        var have = 0;
        var cancelled = 0;
        var into = new byte[4];
        while (have < Total)
        {
            var receiving = receiver.ReceiveAsync(random.Next(4) == 0 ? Memory<byte>.Empty : into.AsMemory(0, 1 + random.Next(4)));
            begun.Release();
            try
            {
                var received = await receiving.AsTask().Within();
                Bytes.Check(into.AsSpan(0, received), have);
                have += received;
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }
        }
        Volatile.Write(ref isOver, true);
        begun.Release();
        await sending.Within();
        await cancelling.Within();
        Assert.Equal(Total, have);
    });
}
