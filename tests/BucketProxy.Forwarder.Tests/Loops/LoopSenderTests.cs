using System.Net.Sockets;
using BucketProxy.Forwarder.Loops;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Loops;

public sealed class LoopSenderTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3_000_000)]
    public async Task Send_One_AllOfItArrives(int length)
    {
        using var pair = await LoopPair.ConnectAsync(peerBuffer: 8192);
        var sender = new LoopSender(pair.Ours);
        var reading = CheckAsync(pair.Peer, length);

        await sender.SendAsync(Bytes.From(0, length)).AsTask().Within();

        await reading.Within();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(32)]
    [InlineData(100)]
    public Task Send_Many_AllOfThemArriveInOrder(int parts) => Seeded.RunAsync(1, async random =>
    {
        using var pair = await LoopPair.ConnectAsync(peerBuffer: 4096);
        var sender = new LoopSender(pair.Ours);
        var total = 0;
        for (var again = 0; again < 2; again++)
        {
            var list = new List<ReadOnlyMemory<byte>>();
            var begin = total;
            for (var i = 0; i < parts; i++)
            {
                // Empty ones too; together more than the kernel takes, so that parts are sent in part.
                var length = random.Next(3) switch { 0 => 0, 1 => random.Next(100), _ => random.Next(40_000_000 / parts) };
                list.Add(Bytes.From(total, length));
                total += length;
            }
            var reading = CheckAsync(pair.Peer, total - begin, begin);
            await sender.SendAsync(list).AsTask().Within();
            await reading.Within();
        }
    });

    [Fact]
    public async Task Send_EmptyPartsOnly_Ends()
    {
        using var pair = await LoopPair.ConnectAsync();
        var sender = new LoopSender(pair.Ours);

        await sender.SendAsync([.. Enumerable.Repeat(ReadOnlyMemory<byte>.Empty, 40)]).AsTask().Within();
        await sender.SendAsync("abc"u8.ToArray()).AsTask().Within();

        var got = new byte[10];
        Assert.Equal(3, await pair.Peer.ReceiveAsync(got).Within());
    }

    [Fact]
    public async Task Send_PeerResetsWhileItWaits_Throws()
    {
        using var pair = await LoopPair.ConnectAsync(peerBuffer: 4096);
        var sender = new LoopSender(pair.Ours);
        var sending = sender.SendAsync([new byte[8_000_000], new byte[8_000_000]]).AsTask();
        Assert.False(sending.IsCompleted);

        pair.Reset();

        await Assert.ThrowsAsync<IOException>(() => sending.Within());
        await Assert.ThrowsAsync<IOException>(() => sender.SendAsync("a"u8.ToArray()).AsTask().Within());
    }

    [Fact]
    public async Task Send_ClosedWhileItWaits_Throws()
    {
        using var pair = await LoopPair.ConnectAsync(peerBuffer: 4096);
        var sender = new LoopSender(pair.Ours);
        var sending = sender.SendAsync(new byte[8_000_000]).AsTask();

        pair.Ours.Close();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => sending.Within());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => sender.SendAsync("a"u8.ToArray()).AsTask().Within());
    }

    /// <summary>Reads slowly, in small pieces.</summary>
    private static Task CheckAsync(Socket peer, int count, long from = 0) => Task.Run(async () =>
    {
        var into = new byte[5000];
        for (var have = 0; have < count;)
        {
            var received = await peer.ReceiveAsync(into.AsMemory(0, Math.Min(into.Length, count - have)));
            Assert.NotEqual(0, received);
            Bytes.Check(into.AsSpan(0, received), from + have);
            have += received;
            if (have % 7 == 0)
                await Task.Yield();
        }
    });
}
