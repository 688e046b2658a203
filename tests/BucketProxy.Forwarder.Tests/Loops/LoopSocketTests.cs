using System.Net;
using System.Net.Sockets;
using BucketProxy.Forwarder.Loops;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Loops;

public sealed class LoopSocketTests
{
    [Fact]
    public async Task TryReceive_ShortReceive_NothingThenWaitsForMore()
    {
        using var pair = await LoopPair.ConnectAsync();
        var into = new byte[10];
        Assert.Equal(LoopSocket.NotNow, pair.Ours.TryReceive(into));

        await pair.Peer.SendAsync("abc"u8.ToArray());
        await pair.ReadableAsync();
        Assert.Equal(3, pair.Ours.TryReceive(into));
        Assert.Equal("abc"u8.ToArray(), into[..3]);
        Assert.Equal(LoopSocket.NotNow, pair.Ours.TryReceive(into));

        var waiter = new CountingWaiter();
        Assert.True(pair.Ours.TryAwaitReadable(waiter));
        await pair.Peer.SendAsync("de"u8.ToArray());
        await waiter.Executed.Within();
        Assert.Equal(2, pair.Ours.TryReceive(into));
        Assert.Equal("de"u8.ToArray(), into[..2]);
        Assert.Equal(1, waiter.Count);
        Assert.StartsWith(EventLoop.ThreadName, waiter.Thread!.Name, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TryReceive_BufferFilledExactly_TheRestIsNotForgotten()
    {
        using var pair = await LoopPair.ConnectAsync();
        await pair.Peer.SendAsync("abcdef"u8.ToArray());
        await pair.ReadableAsync();
        var into = new byte[3];

        Assert.Equal(3, pair.Ours.TryReceive(into));
        // The kernel does not tell again of what was there already.
        Assert.False(pair.Ours.TryAwaitReadable(new CountingWaiter()));
        Assert.Equal(3, pair.Ours.TryReceive(into));
        Assert.Equal("def"u8.ToArray(), into);
        Assert.Equal(LoopSocket.NotNow, pair.Ours.TryReceive(into));
        Assert.True(pair.Ours.TryAwaitReadable(new CountingWaiter()));
    }

    [Fact]
    public async Task TryReceive_PeerEndsItsSide_BytesThenTheEnd_AndTheOtherWayStaysOpen()
    {
        using var pair = await LoopPair.ConnectAsync();
        var told = new Told();
        pair.Ours.HangUp = told;
        await pair.Peer.SendAsync("abc"u8.ToArray());
        pair.Peer.Shutdown(SocketShutdown.Send);

        await told.Task.Within();
        Assert.Equal("abc"u8.ToArray(), await pair.ReceiveAsync(10));
        Assert.Equal(0, pair.Ours.TryReceive(new byte[1]));
        Assert.False(pair.Ours.TryAwaitReadable(new CountingWaiter()));
        Assert.False(pair.Ours.IsQuiet);
        Assert.Equal(2, pair.Ours.TrySend("xy"u8));

        var got = new byte[10];
        Assert.Equal(2, await pair.Peer.ReceiveAsync(got).Within());
    }

    [Fact]
    public async Task TryReceive_PeerResets_Throws()
    {
        using var pair = await LoopPair.ConnectAsync();
        var told = new Told();
        pair.Ours.HangUp = told;
        var waiter = new CountingWaiter();
        Assert.True(pair.Ours.TryAwaitReadable(waiter));

        pair.Reset();

        await told.Task.Within();
        await waiter.Executed.Within();
        var e = Assert.Throws<IOException>(() => pair.Ours.TryReceive(new byte[10]));
        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(e.InnerException).SocketErrorCode);
    }

    [Fact]
    public async Task TryReceive_ASendWasToldOfTheReset_IsNotTheEnd()
    {
        // The kernel tells of a reset once, and of an end from then on. An answer that ends with its connection would be taken for whole.
        using var pair = await LoopPair.ConnectAsync();
        var told = new Told();
        pair.Ours.HangUp = told;
        await pair.Peer.SendAsync("half an answer"u8.ToArray());
        await pair.ReadableAsync();
        pair.Reset();
        await told.Task.Within();

        Assert.Throws<IOException>(() => pair.Ours.TrySend("more of the request"u8));

        var e = Assert.Throws<IOException>(() =>
        {
            while (pair.Ours.TryReceive(new byte[100]) > 0)
            {
            }
        });
        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(e.InnerException).SocketErrorCode);
    }

    [Fact]
    public async Task TrySend_PeerHasReadAllAndEnded_TheEndStaysAnEnd()
    {
        using var pair = await LoopPair.ConnectAsync();
        await pair.Peer.SendAsync("all of it"u8.ToArray());
        pair.Peer.Close();
        // The peer's kernel answers the first with a reset; some later one is told.
        await Patience.UntilAsync(
            () =>
            {
                try
                {
                    pair.Ours.TrySend("more"u8);
                    return false;
                }
                catch (IOException)
                {
                    return true;
                }
            },
            "a send fails");

        Assert.Equal("all of it"u8.ToArray(), await pair.ReceiveAsync(100));
    }

    [Fact]
    public async Task TrySend_NoRoom_WaitsUntilThereIs()
    {
        using var pair = await LoopPair.ConnectAsync(peerBuffer: 4096);
        var sent = 0L;
        var piece = new byte[64 * 1024];
        for (var some = 0; some != LoopSocket.NotNow; some = pair.Ours.TrySend(piece))
            sent += some;
        var waiter = new CountingWaiter();
        Assert.True(pair.Ours.TryAwaitWritable(waiter));

        var into = new byte[64 * 1024];
        for (var received = 0L; received < sent;)
            received += await pair.Peer.ReceiveAsync(into).Within();

        await waiter.Executed.Within();
        Assert.Equal(1, waiter.Count);
        Assert.True(pair.Ours.TrySend(piece) > 0);
    }

    [Fact]
    public async Task IsQuiet_UntilSomethingComes()
    {
        using var pair = await LoopPair.ConnectAsync();
        Assert.True(pair.Ours.IsQuiet);
        Assert.True(pair.Ours.IsQuietForCertain());

        await pair.Peer.SendAsync("a"u8.ToArray());
        await pair.ReadableAsync();

        Assert.False(pair.Ours.IsQuiet);
        Assert.False(pair.Ours.IsQuietForCertain());
        Assert.Equal("a"u8.ToArray(), await pair.ReceiveAsync(1));
    }

    [Fact]
    public async Task IsQuietForCertain_BufferWasFilledExactly_KnowsWhetherSomethingIsThere()
    {
        using var pair = await LoopPair.ConnectAsync();
        await pair.Peer.SendAsync("ab"u8.ToArray());
        Assert.Equal("ab"u8.ToArray(), await pair.ReceiveAsync(2));
        Assert.False(pair.Ours.IsQuiet);

        Assert.True(pair.Ours.IsQuietForCertain());
        Assert.True(pair.Ours.IsQuiet);

        await pair.Peer.SendAsync("c"u8.ToArray());
        await pair.ReadableAsync();
        Assert.False(pair.Ours.IsQuietForCertain());
        Assert.Equal("c"u8.ToArray(), await pair.ReceiveAsync(1));
        pair.Peer.Close();
        await Patience.UntilAsync(() => !pair.Ours.IsQuietForCertain(), "the end is known");
    }

    [Fact]
    public async Task TryTakeBackReader_Waiting_IsNotExecuted()
    {
        using var pair = await LoopPair.ConnectAsync();
        var waiter = new CountingWaiter();
        pair.Ours.TryAwaitReadable(waiter);

        Assert.True(pair.Ours.TryTakeBackReader());
        Assert.False(pair.Ours.TryTakeBackWriter());
        await pair.Peer.SendAsync("a"u8.ToArray());
        await Patience.UntilAsync(() => !pair.Ours.IsQuiet, "the byte is there");

        Assert.Equal(0, waiter.Count);
    }

    [Fact]
    public async Task OwnAddress_IsWhatThePeerSees()
    {
        using var pair = await LoopPair.ConnectAsync();

        Assert.Equal((IPEndPoint)pair.Peer.RemoteEndPoint!, pair.Ours.OwnAddress());
    }

    [Fact]
    public async Task TryReceive_BytesComeWhileItTries_NoneIsForgotten()
    {
        // No loop watches it: a second event, for another reason, would hide that the first was forgotten. The sender tells, as a loop does.
        const int Rounds = 60_000;
        var (ours, peer) = Pipes.Open();
        var socket = new LoopSocket(EventLoop.Next(), ours);
        using var told = new AutoResetEvent(false);
        var waiter = new CountingWaiter(() => told.Set());
        var consumed = 0;
        var isOver = false;

        var sending = Start(() =>
        {
            var spin = new Random(1);
            for (var sent = 0; sent < Rounds * 2 && !Volatile.Read(ref isOver);)
            {
                for (var i = 0; i < 2; i++, sent++)
                {
                    Pipes.Send(peer, "x"u8);
                    socket.Happened(Libc.In);
                    Thread.SpinWait(spin.Next(60));
                }
                var wait = new SpinWait();
                while (Volatile.Read(ref consumed) < sent && !Volatile.Read(ref isOver))
                    wait.SpinOnce(sleep1Threshold: -1);
            }
        });
        var receiving = Start(() =>
        {
            try
            {
                var into = new byte[8];
                while (consumed < Rounds * 2)
                {
                    var received = socket.TryReceive(into);
                    if (received != LoopSocket.NotNow)
                        Volatile.Write(ref consumed, consumed + received);
                    else if (socket.TryAwaitReadable(waiter))
                        Assert.True(told.WaitOne(Patience.Limit), "What came was forgotten.");
                }
            }
            finally
            {
                Volatile.Write(ref isOver, true);
            }
        });
        await Task.WhenAll(sending, receiving);

        Assert.Equal(Rounds * 2, consumed);
        Pipes.Close(ours);
        Pipes.Close(peer);
    }

    private static Task Start(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private sealed class Told : IHangUp
    {
        private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _told.Task;

        public void HungUp() => _told.TrySetResult();
    }
}
