using System.Buffers;
using System.Net.Sockets;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transport;
using BucketProxy.Testing;
using Microsoft.AspNetCore.Connections;

namespace BucketProxy.Forwarder.Tests.Transport;

public sealed class LoopReaderTests
{
    [Fact]
    public async Task Read_NothingThere_WaitsAndHoldsNoBlock()
    {
        await using var accepted = await Accepted.ConnectAsync();
        Assert.False(accepted.Input.TryRead(out _));
        var reading = accepted.Input.ReadAsync().AsTask();
        Assert.False(reading.IsCompleted);
        Assert.Equal(0, accepted.Pool.Lent);

        await accepted.Client.SendAsync("abc"u8.ToArray());
        var read = await reading.Within();

        Assert.Equal("abc"u8.ToArray(), read.Buffer.ToArray());
        Assert.False(read.IsCompleted || read.IsCanceled);
        Assert.Equal(1, accepted.Pool.Lent);
        accepted.Input.AdvanceTo(read.Buffer.End);
        Assert.Equal(0, accepted.Pool.Lent);
    }

    [Fact]
    public async Task Read_BlockWasFilledExactly_WaitsAndHoldsNoBlock()
    {
        // It has to ask the kernel, with a block in hand.
        await using var accepted = await Accepted.ConnectAsync(pool: new BlockPool(mostLarge: 0));
        await accepted.Client.SendAsync(new byte[BlockPool.Small]);
        for (var have = 0L; have < BlockPool.Small;)
        {
            var read = await accepted.Input.ReadAsync().AsTask().Within();
            have += read.Buffer.Length;
            accepted.Input.AdvanceTo(read.Buffer.End);
        }

        var reading = accepted.Input.ReadAsync().AsTask();

        Assert.False(reading.IsCompleted);
        Assert.Equal(0, accepted.Pool.Lent);
        accepted.Client.Close();
        Assert.True((await reading.Within()).IsCompleted);
    }

    [Fact]
    public async Task Read_NotAllExamined_ComesBackAtOnce_AllExamined_WaitsForMore()
    {
        await using var accepted = await Accepted.ConnectAsync();
        await accepted.Client.SendAsync("abc"u8.ToArray());
        var read = await accepted.Input.ReadAsync().AsTask().Within();

        accepted.Input.AdvanceTo(read.Buffer.GetPosition(1), read.Buffer.GetPosition(2));
        var again = accepted.Input.ReadAsync();
        Assert.True(again.IsCompleted);
        read = await again;
        Assert.Equal("bc"u8.ToArray(), read.Buffer.ToArray());

        accepted.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        Assert.False(accepted.Input.TryRead(out _));
        var reading = accepted.Input.ReadAsync().AsTask();
        Assert.False(reading.IsCompleted);
        await accepted.Client.SendAsync("d"u8.ToArray());
        Assert.Equal("bcd"u8.ToArray(), (await reading.Within()).Buffer.ToArray());
    }

    [Fact]
    public async Task Read_ClientEnds_CompletedWithWhatWasNotConsumed()
    {
        await using var accepted = await Accepted.ConnectAsync();
        await accepted.Client.SendAsync("abc"u8.ToArray());
        var read = await accepted.Input.ReadAsync().AsTask().Within();
        accepted.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);

        accepted.Client.Shutdown(SocketShutdown.Send);

        read = await accepted.Input.ReadAsync().AsTask().Within();
        Assert.True(read.IsCompleted);
        Assert.Equal("abc"u8.ToArray(), read.Buffer.ToArray());
        accepted.Input.AdvanceTo(read.Buffer.End);
        read = await accepted.Input.ReadAsync().AsTask().Within();
        Assert.True(read.IsCompleted);
        Assert.True(read.Buffer.IsEmpty);
    }

    [Fact]
    public async Task Read_ClientResets_Throws_AgainAndAgain_HoldingNoBlock()
    {
        await using var accepted = await Accepted.ConnectAsync();
        var reading = accepted.Input.ReadAsync().AsTask();

        accepted.Reset();

        await Assert.ThrowsAsync<ConnectionResetException>(() => reading.Within());
        await Assert.ThrowsAsync<ConnectionResetException>(() => accepted.Input.ReadAsync().AsTask().Within());
        Assert.Equal(0, accepted.Pool.Lent);
    }

    [Fact]
    public async Task Read_ConnectionAborted_ThrowsTheReason()
    {
        await using var accepted = await Accepted.ConnectAsync();
        var reading = accepted.Input.ReadAsync().AsTask();
        var why = new ConnectionAbortedException("too slow");

        accepted.Connection.Abort(why);

        Assert.Same(why, await Assert.ThrowsAsync<ConnectionAbortedException>(() => reading.Within()));
    }

    [Fact]
    public async Task CancelPendingRead_Waiting_GoesOnElsewhere_AndNothingIsLost()
    {
        await using var accepted = await Accepted.ConnectAsync();
        var reading = accepted.Input.ReadAsync().AsTask();

        accepted.Input.CancelPendingRead();
        var read = await reading.Within();

        Assert.True(read.IsCanceled);
        Assert.True(read.Buffer.IsEmpty);
        accepted.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        reading = accepted.Input.ReadAsync().AsTask();
        await accepted.Client.SendAsync("abc"u8.ToArray());
        read = await reading.Within();
        Assert.False(read.IsCanceled);
        Assert.Equal("abc"u8.ToArray(), read.Buffer.ToArray());
    }

    [Fact]
    public async Task CancelPendingRead_NobodyWaits_TheNextReadIsCancelled_OnlyThat()
    {
        await using var accepted = await Accepted.ConnectAsync();
        accepted.Input.CancelPendingRead();
        accepted.Input.CancelPendingRead();

        Assert.True((await accepted.Input.ReadAsync().AsTask().Within()).IsCanceled);
        var reading = accepted.Input.ReadAsync().AsTask();
        Assert.False(reading.IsCompleted);
        accepted.Input.CancelPendingRead();
        Assert.True((await reading.Within()).IsCanceled);
        accepted.Input.CancelPendingRead();
        Assert.True(accepted.Input.TryRead(out var read));
        Assert.True(read.IsCanceled);
    }

    [Fact]
    public async Task CancelPendingRead_BytesHaveCome_TheyAreInTheCancelledRead()
    {
        await using var accepted = await Accepted.ConnectAsync();
        Assert.False(accepted.Input.TryRead(out _));
        accepted.Input.CancelPendingRead();
        await accepted.Client.SendAsync("abc"u8.ToArray());

        var read = await accepted.Input.ReadAsync().AsTask().Within();

        Assert.True(read.IsCanceled);
        Assert.Equal("abc"u8.ToArray(), read.Buffer.ToArray());
    }

    [Fact]
    public async Task Read_TokenCancelled_Throws_AndTheNextReadReads()
    {
        await using var accepted = await Accepted.ConnectAsync();
        using var cancel = new CancellationTokenSource();
        var reading = accepted.Input.ReadAsync(cancel.Token).AsTask();

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.Within());
        await accepted.Client.SendAsync("abc"u8.ToArray());
        var read = await accepted.Input.ReadAsync().AsTask().Within();
        Assert.False(read.IsCanceled);
        Assert.Equal("abc"u8.ToArray(), read.Buffer.ToArray());
    }

    [Fact]
    public async Task Read_TokenCancelledAsItsReadEnds_TheNextReadIsNotCancelled()
    {
        await using var accepted = await Accepted.ConnectAsync();
        for (var i = 0; i < 2000; i++)
        {
            using var cancel = new CancellationTokenSource();
            var reading = accepted.Input.ReadAsync(cancel.Token).AsTask();
            var cancelling = Task.Run(cancel.Cancel);
            await accepted.Client.SendAsync(new byte[1]);
            try
            {
                var first = await reading.Within();
                Assert.False(first.IsCanceled);
                accepted.Input.AdvanceTo(first.Buffer.End);
                await accepted.Client.SendAsync(new byte[1]);
            }
            catch (OperationCanceledException)
            {
            }
            await cancelling;
            var read = await accepted.Input.ReadAsync().AsTask().Within();
            Assert.False(read.IsCanceled);
            accepted.Input.AdvanceTo(read.Buffer.End);
        }
    }

    [Fact]
    public async Task Complete_WhileARead_Waits_ItEndsAndNoBlockIsGivenBackTwice()
    {
        var pool = new BlockPool();
        for (var i = 0; i < 300; i++)
        {
            await using var accepted = await Accepted.ConnectAsync(pool: pool);
            var reading = accepted.Input.ReadAsync().AsTask();
            // What comes is received on the loop, while this thread gives the blocks back.
            var sending = accepted.Client.SendAsync(new byte[100]);
            await accepted.Connection.DisposeAsync().AsTask().Within();
            await sending;
            try
            {
                await reading.Within();
            }
            catch (Exception e) when (e is InvalidOperationException or ConnectionAbortedException)
            {
                Assert.DoesNotContain("returned", e.Message, StringComparison.Ordinal);
            }
            Assert.Equal(0, pool.Lent);
        }
    }

    [Fact]
    public async Task Read_AfterComplete_Throws()
    {
        await using var accepted = await Accepted.ConnectAsync();
        await accepted.Client.SendAsync("abc"u8.ToArray());
        await accepted.Input.ReadAsync().AsTask().Within();

        accepted.Input.Complete();

        Assert.Equal(0, accepted.Pool.Lent);
        await Assert.ThrowsAsync<InvalidOperationException>(() => accepted.Input.ReadAsync().AsTask());
        Assert.Throws<InvalidOperationException>(() => accepted.Input.TryRead(out _));
    }
}
