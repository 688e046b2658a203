using BucketProxy.Forwarder.Loops;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Loops;

public sealed class EventLoopTests
{
    [Fact]
    public void Next_EachInTurn_AndNoneOfThemHere()
    {
        var loops = Enumerable.Range(0, 200).Select(_ => EventLoop.Next()).ToHashSet();

        Assert.Equal(Math.Clamp(Environment.ProcessorCount, 1, 32), loops.Count);
        Assert.Null(EventLoop.Current);
    }

    [Fact]
    public async Task Execute_OnTheSocketsOwnLoop()
    {
        var loop = EventLoop.Next();
        EventLoop? seen = null;
        var waiter = new CountingWaiter(() => seen = EventLoop.Current);
        using var end = new End(loop);
        Assert.True(end.Socket.TryAwaitReadable(waiter));

        end.Send();
        await waiter.Executed.Within();

        Assert.Same(loop, seen);
    }

    [Fact]
    public Task Places_UsedAgain_EverySocketIsToldOfItsOwn() => Seeded.RunAsync(20, async random =>
    {
        // More than the places that a loop begins with, so that they are grown as well.
        var loop = EventLoop.Next();
        var ends = Enumerable.Range(0, 150).Select(_ => Waiting(loop)).ToList();
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < ends.Count; i++)
            {
                if (random.Next(2) == 0)
                    continue;
                ends[i].End.Dispose();
                await ends[i].Waiter.Executed.Within();
                ends[i] = Waiting(loop);
            }
            if (round == 2)
                ends.AddRange(Enumerable.Range(0, 300).Select(_ => Waiting(loop)));
            var told = ends.Where(_ => random.Next(3) == 0).ToList();
            foreach (var (end, _) in told)
                end.Send();
            foreach (var (_, waiter) in told)
                await waiter.Executed.Within();
            await PassAsync(loop);
            Assert.All(ends, e => Assert.Equal(told.Contains(e) ? 1 : 0, e.Waiter.Count));
            foreach (var e in told)
            {
                e.End.Dispose();
                ends[ends.IndexOf(e)] = Waiting(loop);
            }
        }
        foreach (var (end, _) in ends)
            end.Dispose();
    });

    [Fact]
    public async Task Happened_SocketClosedWhileItsEventWaited_TheNextOneInItsPlaceIsNotTold()
    {
        var loop = EventLoop.Next();
        using var gate = new End(loop);
        using var first = new End(loop);
        using var second = new End(loop);
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        End? heir = null;
        var heirs = new CountingWaiter();
        // The loop stands still until both have events to be handed out together; whichever comes first closes the other, and takes its place.
        gate.Socket.TryAwaitReadable(new CountingWaiter(() =>
        {
            inside.Set();
            goOn.Wait(Patience.Limit);
        }));
        var ofFirst = new CountingWaiter(() => Replace(second));
        var ofSecond = new CountingWaiter(() => Replace(first));
        first.Socket.TryAwaitReadable(ofFirst);
        second.Socket.TryAwaitReadable(ofSecond);
        gate.Send();
        Assert.True(inside.Wait(Patience.Limit));
        first.Send();
        second.Send();
        goOn.Set();

        // The one that is closed is told of its close, on the thread pool.
        await ofFirst.Executed.Within();
        await ofSecond.Executed.Within();
        await PassAsync(loop);

        Assert.NotNull(heir);
        Assert.Equal(0, heirs.Count);
        Assert.True(heir.Socket.IsQuiet);
        heir.Send();
        await heirs.Executed.Within();
        heir.Dispose();

        void Replace(End other)
        {
            if (heir is not null || EventLoop.Current is null)
                return;
            var place = (uint)other.Socket.Ticket;
            other.Socket.Close();
            heir = new End(loop);
            Assert.Equal(place, (uint)heir.Socket.Ticket);
            heir.Socket.TryAwaitReadable(heirs);
        }
    }

    private static (End End, CountingWaiter Waiter) Waiting(EventLoop loop)
    {
        var end = new End(loop);
        var waiter = new CountingWaiter();
        Assert.True(end.Socket.TryAwaitReadable(waiter));
        return (end, waiter);
    }

    /// <summary>What the loop has been told before this, it has handed out.</summary>
    private static async Task PassAsync(EventLoop loop)
    {
        for (var i = 0; i < 3; i++)
        {
            var (end, waiter) = Waiting(loop);
            end.Send();
            await waiter.Executed.Within();
            end.Dispose();
        }
    }

    /// <summary>A socket of a loop, and the other end.</summary>
    private sealed class End : IDisposable
    {
        private readonly int _peer;
        private int _isClosed;

        public End(EventLoop loop)
        {
            (var ours, _peer) = Pipes.Open();
            Socket = new LoopSocket(loop, ours);
            Socket.Watch();
        }

        public LoopSocket Socket { get; }

        public void Send() => Pipes.Send(_peer, "x"u8);

        public void Dispose()
        {
            Socket.Close();
            if (Interlocked.Exchange(ref _isClosed, 1) == 0)
                Pipes.Close(_peer);
        }
    }
}
