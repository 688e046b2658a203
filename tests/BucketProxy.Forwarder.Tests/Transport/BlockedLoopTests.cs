using System.Buffers;
using BucketProxy.Forwarder.Loops;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Transport;

/// <summary>What is known only to the kernel, because the loops are busy.</summary>
[Collection("blocks")]
public sealed class BlockedLoopTests
{
    [Fact]
    public async Task CancelPendingRead_LoopHasNotBeenTold_BytesAreInTheCancelledRead()
    {
        await using var accepted = await Accepted.ConnectAsync();
        Assert.False(accepted.Input.TryRead(out _));
        using var release = new ManualResetEventSlim();
        var pairs = new Dictionary<EventLoop, LoopPair>();
        var loops = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => EventLoop.Next()).ToHashSet();
        for (var i = 0; i < 10 * loops.Count && pairs.Count < loops.Count; i++)
        {
            // Away from a loop's thread: what is made there belongs to it.
            await Task.Yield();
            var pair = await LoopPair.ConnectAsync();
            if (!pairs.TryAdd(pair.Ours.Loop, pair))
                pair.Dispose();
        }
        Assert.Equal(loops, pairs.Keys.ToHashSet());
        var waiters = new List<CountingWaiter>();
        try
        {
            foreach (var pair in pairs.Values)
            {
                var inside = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var waiter = new CountingWaiter(() =>
                {
                    inside.SetResult();
                    release.Wait(Patience.Limit);
                });
                waiters.Add(waiter);
                Assert.True(pair.Ours.TryAwaitReadable(waiter));
                await pair.Peer.SendAsync("x"u8.ToArray());
                await inside.Task.Within();
            }
            await accepted.Client.SendAsync("abc"u8.ToArray());
            accepted.Input.CancelPendingRead();

            Assert.True(accepted.Input.TryRead(out var read));

            Assert.True(read.IsCanceled);
            Assert.Equal("abc"u8.ToArray(), read.Buffer.ToArray());
        }
        finally
        {
            release.Set();
        }
        foreach (var waiter in waiters)
            await waiter.Executed.Within();
        // A machine that was slow meanwhile may have had it found.
        IoWatchdog.Take();
        foreach (var pair in pairs.Values)
            pair.Dispose();
    }
}
