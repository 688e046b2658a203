using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Forwarder.Tests.Transport;

/// <summary>How a connection's output ends: the client goes or takes nothing more, or the connection is disposed with bytes that were not sent.</summary>
public sealed class LoopWriterEndTests
{
    private const int Much = 12_000_000;

    [Fact]
    public async Task Flush_ClientResetsMeanwhile_IsCompleted_AndNoBlockIsHeld()
    {
        await using var accepted = await Accepted.ConnectAsync(clientBuffer: 8192);
        accepted.Write(new byte[Much]);
        var flushing = accepted.Output.FlushAsync().AsTask();
        Assert.False(flushing.IsCompleted);

        accepted.Reset();

        Assert.True((await flushing.Within()).IsCompleted);
        Assert.Equal(0, accepted.Pool.Lent);
        accepted.Write(new byte[100]);
        Assert.True((await accepted.Output.FlushAsync().AsTask().Within()).IsCompleted);
        Assert.Equal(0, accepted.Pool.Lent);
        await accepted.ClosedAsync();
    }

    [Fact]
    public async Task Flush_ConnectionAbortedMeanwhile_IsCompleted()
    {
        await using var accepted = await Accepted.ConnectAsync(clientBuffer: 8192);
        accepted.Write(new byte[Much]);
        var flushing = accepted.Output.FlushAsync().AsTask();

        accepted.Connection.Abort();

        Assert.True((await flushing.Within()).IsCompleted);
        Assert.Equal(0, accepted.Pool.Lent);
    }

    [Fact]
    public async Task Dispose_WrittenAndNotFlushed_IsSent()
    {
        await using var accepted = await Accepted.ConnectAsync();
        accepted.Write("abc"u8.ToArray());
        accepted.Output.Complete();

        await accepted.Connection.DisposeAsync().AsTask().Within();

        Assert.Equal("abc"u8.ToArray(), await accepted.ReadAsync(100));
    }

    [Fact]
    public async Task Flush_ClientTakesNothing_IsCutOffAfterAWhile()
    {
        var time = new FakeTimeProvider();
        await using var accepted = await Accepted.ConnectAsync(clientBuffer: 8192, time: time);
        accepted.Write(Bytes.From(0, Much));
        var flushing = accepted.Output.FlushAsync().AsTask();

        // The first look may find that something had moved.
        time.Advance(Accepted.ClientPatience);
        time.Advance(Accepted.ClientPatience);

        Assert.True((await flushing.Within()).IsCompleted);
        await accepted.ClosedAsync();
        Assert.Equal(0, accepted.Pool.Lent);
    }

    [Fact]
    public async Task Flush_ClientTakesALittleNowAndThen_GoesOn()
    {
        var time = new FakeTimeProvider();
        await using var accepted = await Accepted.ConnectAsync(clientBuffer: 8192, time: time);
        accepted.Write(Bytes.From(0, Much));
        var flushing = accepted.Output.FlushAsync().AsTask();
        Assert.False(flushing.IsCompleted);

        time.Advance(Accepted.ClientPatience / 2);
        await accepted.CheckAsync(Much).Within();
        Assert.False((await flushing.Within()).IsCompleted);

        // Nothing waits: no silence is too long.
        time.Advance(Accepted.ClientPatience * 3);
        accepted.Write(Bytes.From(0, 10));
        Assert.False((await accepted.Output.FlushAsync()).IsCompleted);
    }

    [Fact]
    public async Task Dispose_ClientTakesNothing_EndsAfterAWhile()
    {
        var time = new FakeTimeProvider();
        await using var accepted = await Accepted.ConnectAsync(clientBuffer: 8192, time: time);
        accepted.Write(Bytes.From(0, Much));

        var disposing = accepted.Connection.DisposeAsync().AsTask();
        time.Advance(Accepted.ClientPatience);
        time.Advance(Accepted.ClientPatience);

        await disposing.Within();
        Assert.Equal(0, accepted.Pool.Lent);
    }

    [Fact]
    public async Task Dispose_SlowReader_EverythingIsSentFirst()
    {
        await using var accepted = await Accepted.ConnectAsync(clientBuffer: 8192);
        accepted.Write(Bytes.From(0, Much));

        var disposing = accepted.Connection.DisposeAsync().AsTask();
        // Nobody can cancel it any more.
        accepted.Output.CancelPendingFlush();

        await accepted.CheckAsync(Much).Within();
        await disposing.Within();
        Assert.Equal(0, await accepted.Client.ReceiveAsync(new byte[1]).Within());
        Assert.Equal(0, accepted.Pool.Lent);
    }

    [Fact]
    public async Task Dispose_WhileAFlushWaits_BothEndAndEverythingIsSent()
    {
        await using var accepted = await Accepted.ConnectAsync(clientBuffer: 8192);
        accepted.Write(Bytes.From(0, Much));
        var flushing = accepted.Output.FlushAsync().AsTask();

        var disposing = accepted.Connection.DisposeAsync().AsTask();
        Assert.False(disposing.IsCompleted);

        await accepted.CheckAsync(Much).Within();
        Assert.False((await flushing.Within()).IsCanceled);
        await disposing.Within();
        Assert.Equal(0, accepted.Pool.Lent);
    }

    [Fact]
    public async Task Dispose_WhileAFlushIsCancelled_BothEndAndEverythingIsSent()
    {
        for (var i = 0; i < 20; i++)
        {
            await using var accepted = await Accepted.ConnectAsync(clientBuffer: 8192);
            accepted.Write(Bytes.From(0, Much / 2));
            var flushing = accepted.Output.FlushAsync().AsTask();
            accepted.Output.CancelPendingFlush();
            var disposing = Task.Run(() => accepted.Connection.DisposeAsync().AsTask());
            await accepted.CheckAsync(Much / 2).Within();
            // One flush, one outcome.
            Assert.True((await flushing.Within()).IsCanceled);
            await disposing.Within();
        }
    }
}
