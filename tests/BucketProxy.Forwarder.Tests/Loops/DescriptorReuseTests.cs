using System.Buffers.Binary;
using BucketProxy.Forwarder.Loops;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Loops;

/// <summary>The number of a descriptor that is closed is the next socket's. Nothing that was meant for the one may reach the other.</summary>
public sealed class DescriptorReuseTests
{
    private const int Workers = 6;
    private const int Rounds = 30_000;

    [Fact]
    public Task ClosesAndCallsOfManyThreads_NeverReachAnotherSocket() => Seeded.RunAsync(1, async seeds =>
    {
        var slots = new Item[2];
        for (var i = 0; i < slots.Length; i++)
            slots[i] = new Item(i);
        var tags = (long)slots.Length;
        var workers = Enumerable.Range(0, Workers).Select(_ => new Random(seeds.Next())).Select(random => Task.Factory.StartNew(
            () => Work(random), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        await Task.WhenAll(workers);
        foreach (var item in slots)
            item.End(abort: false);

        void Work(Random random)
        {
            for (var i = 0; i < Rounds; i++)
            {
                var at = random.Next(slots.Length);
                switch (random.Next(5))
                {
                    case 0:
                        var item = new Item(Interlocked.Increment(ref tags));
                        Interlocked.Exchange(ref slots[at], item).End(random.Next(2) == 0);
                        break;
                    case 1:
                        // Sockets of nobody else's: what is set on them, or sent, came from a call that was meant for others.
                        var (one, other) = Pipes.Open();
                        Thread.SpinWait(random.Next(100));
                        Assert.False(Pipes.IsToAbort(one) || Pipes.IsToAbort(other), "A close has reached another socket.");
                        Assert.Equal(-1, Pipes.Receive(one, new byte[8]));
                        Assert.Equal(-1, Pipes.Receive(other, new byte[8]));
                        Pipes.Close(one);
                        Pipes.Close(other);
                        break;
                    default:
                        Volatile.Read(ref slots[at]).Use(random);
                        break;
                }
            }
        }
    });

    private sealed class Item
    {
        private readonly LoopSocket _socket;
        private readonly int _peer;
        private readonly byte[] _tag = new byte[8];
        private readonly CountingWaiter _waiter = new();
        private int _isUsed;

        public Item(long tag)
        {
            BinaryPrimitives.WriteInt64BigEndian(_tag, tag);
            (var ours, _peer) = Pipes.Open();
            _socket = new LoopSocket(EventLoop.Next(), ours);
            _socket.Watch();
            Pipes.Send(_peer, _tag);
        }

        public void Use(Random random)
        {
            if (Interlocked.Exchange(ref _isUsed, 1) != 0)
                return;
            Span<byte> into = stackalloc byte[8];
            try
            {
                if (random.Next(2) == 0)
                    _socket.TrySend(_tag);
                _socket.IsQuietForCertain();
                var received = _socket.TryReceive(into);
                if (received > 0)
                    Assert.Equal(_tag, into.ToArray());
                else if (received == 0)
                    Assert.True(_socket.IsClosed);
                else if (_socket.TryAwaitReadable(_waiter))
                    _socket.TryTakeBackReader();
            }
            catch (Exception e) when (e is ObjectDisposedException or IOException)
            {
                // Its peer is closed behind it.
                Assert.True(_socket.IsClosed);
            }
            Volatile.Write(ref _isUsed, 0);
        }

        /// <summary>By whoever took it from where it stood.</summary>
        public void End(bool abort)
        {
            _socket.Close(abort);
            Span<byte> into = stackalloc byte[8];
            int received;
            while ((received = Pipes.Receive(_peer, into)) > 0)
                Assert.Equal(_tag, into[..received].ToArray());
            Pipes.Close(_peer);
        }
    }
}
