using System.Net.Sockets;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transport;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Transport;

public sealed class LoopWriterTests
{
    private const int Much = 12_000_000;

    [Fact]
    public async Task Flush_ThereIsRoom_EndsOnTheSpot_AndNoBlockIsHeld()
    {
        await using var accepted = await Accepted.ConnectAsync();
        "abc"u8.CopyTo(accepted.Output.GetSpan(3));
        accepted.Output.Advance(3);
        Assert.Equal(3, accepted.Output.UnflushedBytes);

        var flushing = accepted.Output.FlushAsync();

        Assert.True(flushing.IsCompletedSuccessfully);
        var flushed = await flushing;
        Assert.False(flushed.IsCanceled || flushed.IsCompleted);
        Assert.Equal(0, accepted.Output.UnflushedBytes);
        Assert.Equal(0, accepted.Pool.Lent);
        Assert.Equal("abc"u8.ToArray(), await accepted.ReadAsync(3));
    }

    [Fact]
    public async Task GetMemory_MoreThanThePoolHas_IsWrittenAllTheSame()
    {
        await using var accepted = await Accepted.ConnectAsync();
        var sizes = new[] { 10, BlockPool.Large, BlockPool.Large + 1, 300_000, 5 };
        var reading = accepted.CheckAsync(sizes.Sum());
        var place = 0;
        foreach (var size in sizes)
        {
            var memory = accepted.Output.GetMemory(size);
            Assert.True(memory.Length >= size);
            Bytes.From(place, size).CopyTo(memory);
            accepted.Output.Advance(size);
            place += size;
        }

        await accepted.Output.FlushAsync().AsTask().Within();

        await reading.Within();
    }

    [Fact]
    public async Task GetMemory_Fails_WhatWasWrittenStays()
    {
        await using var accepted = await Accepted.ConnectAsync();
        accepted.Write("abc"u8.ToArray());

        Assert.ThrowsAny<ArgumentException>(() => accepted.Output.GetMemory(int.MaxValue));

        accepted.Write("def"u8.ToArray());
        await accepted.Output.FlushAsync().AsTask().Within();
        Assert.Equal("abcdef"u8.ToArray(), await accepted.ReadAsync(6));
        Assert.Equal(0, accepted.Pool.Lent);
    }

    [Fact]
    public async Task Advance_MoreThanWasGiven_Throws()
    {
        await using var accepted = await Accepted.ConnectAsync();
        Assert.Throws<ArgumentOutOfRangeException>(() => accepted.Output.Advance(1));
        var length = accepted.Output.GetMemory(10).Length;

        Assert.Throws<ArgumentOutOfRangeException>(() => accepted.Output.Advance(length + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => accepted.Output.Advance(-1));

        accepted.Output.Advance(0);
        Assert.Equal(0, accepted.Output.UnflushedBytes);
    }

    [Fact]
    public async Task CancelPendingFlush_Waiting_NothingIsLost()
    {
        await using var accepted = await Accepted.ConnectAsync(clientBuffer: 8192);
        accepted.Write(Bytes.From(0, Much));
        var flushing = accepted.Output.FlushAsync().AsTask();
        Assert.False(flushing.IsCompleted);

        accepted.Output.CancelPendingFlush();
        var flushed = await flushing.Within();

        Assert.True(flushed.IsCanceled);
        Assert.NotEqual(0, accepted.Output.UnflushedBytes);
        flushing = accepted.Output.FlushAsync().AsTask();
        await accepted.CheckAsync(Much).Within();
        Assert.False((await flushing.Within()).IsCanceled);
        Assert.Equal(0, accepted.Pool.Lent);
    }

    [Fact]
    public async Task Flush_TokenCancelled_Throws_NothingIsLost_AndTheNextFlushFlushes()
    {
        await using var accepted = await Accepted.ConnectAsync(clientBuffer: 8192);
        using var cancel = new CancellationTokenSource();
        accepted.Write(Bytes.From(0, Much));
        var flushing = accepted.Output.FlushAsync(cancel.Token).AsTask();

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => flushing.Within());
        var reading = accepted.CheckAsync(Much);
        Assert.False((await accepted.Output.FlushAsync().AsTask().Within()).IsCanceled);
        await reading.Within();
    }

    [Fact]
    public async Task GetMemory_AfterComplete_Throws()
    {
        await using var accepted = await Accepted.ConnectAsync();
        accepted.Output.Complete();

        Assert.Throws<InvalidOperationException>(() => accepted.Output.GetMemory());
    }

    [Fact]
    public Task AnyWritesAndFlushes_EveryByteOnceAndInOrder() => Seeded.RunAsync(40, async random =>
    {
        var pool = random.Next(2) == 0 ? new BlockPool() : new BlockPool(mostLarge: 0);
        await using var accepted = await Accepted.ConnectAsync(random.Next(2) == 0 ? 4096 : 0, pool);
        var reading = CheckToEndAsync(accepted.Client, new Random(random.Next()));
        var written = 0;
        for (var i = random.Next(60); i > 0; i--)
        {
            for (var writes = random.Next(4); writes > 0; writes--)
            {
                var hint = random.Next(6) switch { 0 => 0, 1 => BlockPool.Large + random.Next(200_000), 2 => random.Next(BlockPool.Large + 1), _ => random.Next(3000) };
                var memory = accepted.Output.GetMemory(hint);
                Assert.True(memory.Length >= Math.Max(1, hint));
                var size = random.Next(3) switch { 0 => 0, 1 => memory.Length, _ => random.Next(memory.Length) };
                Bytes.From(written, size).CopyTo(memory);
                accepted.Output.Advance(size);
                written += size;
            }
            if (random.Next(10) == 0)
                accepted.Output.CancelPendingFlush();
            using var token = new CancellationTokenSource();
            var flushing = accepted.Output.FlushAsync(random.Next(3) == 0 ? token.Token : CancellationToken.None).AsTask();
            if (random.Next(3) == 0)
                accepted.Output.CancelPendingFlush();
            if (random.Next(3) == 0)
                await token.CancelAsync();
            try
            {
                var flushed = await flushing.Within();
                Assert.False(flushed.IsCompleted);
                if (!flushed.IsCanceled)
                {
                    Assert.Equal(0, accepted.Output.UnflushedBytes);
                    Assert.Equal(0, pool.Lent);
                }
            }
            catch (OperationCanceledException)
            {
                Assert.True(token.IsCancellationRequested);
            }
        }
        if (random.Next(2) == 0)
            accepted.Output.Complete();
        await accepted.Connection.DisposeAsync().AsTask().Within();
        Assert.Equal(written, await reading.Within());
    });

    private static Task<int> CheckToEndAsync(Socket client, Random random) => Task.Run(async () =>
    {
        var have = 0;
        while (true)
        {
            var into = new byte[1 + random.Next(40_000)];
            var received = await client.ReceiveAsync(into);
            if (received == 0)
                return have;
            Bytes.Check(into.AsSpan(0, received), have);
            have += received;
            if (random.Next(4) == 0)
                await Task.Yield();
        }
    });
}
