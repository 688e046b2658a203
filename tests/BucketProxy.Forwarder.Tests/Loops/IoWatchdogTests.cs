using BucketProxy.Forwarder.Loops;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Loops;

/// <summary>Alone: what it blocks serves other tests' connections too.</summary>
[CollectionDefinition("blocks", DisableParallelization = true)]
public sealed class BlocksAlone;

[Collection("blocks")]
public sealed class IoWatchdogTests
{
    [Fact]
    public async Task Waiter_BlocksItsLoop_IsFoundAndNamed()
    {
        IoWatchdog.ThrowIfBlocked();
        using var release = new ManualResetEventSlim();
        using var pair = await LoopPair.ConnectAsync();
        var wasPolling = false;
        var name = "";
        var waiter = new CountingWaiter(() =>
        {
            wasPolling = IoWatchdog.IsPollingThread();
            name = Thread.CurrentThread.Name;
            IoWatchdog.Operation = "the waiter";
            release.Wait(Patience.Limit);
            IoWatchdog.Operation = null;
        });
        Assert.True(pair.Ours.TryAwaitReadable(waiter));
        try
        {
            await pair.Peer.SendAsync("x"u8.ToArray());
            await Patience.UntilAsync(() => IoWatchdog.HasFound, "the block is found");
        }
        finally
        {
            release.Set();
        }
        await waiter.Executed.Within();

        Assert.True(wasPolling);
        Assert.Equal(EventLoop.ThreadName, name);
        Assert.All(IoWatchdog.Take(), found => Assert.Contains("the waiter", found, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Loops_ThatWaitForTheirSockets_AreNoBlock()
    {
        using var pair = await LoopPair.ConnectAsync();
        var waiter = new CountingWaiter();
        Assert.True(pair.Ours.TryAwaitReadable(waiter));

        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);

        Assert.False(IoWatchdog.HasFound);
        await pair.Peer.SendAsync("x"u8.ToArray());
        await waiter.Executed.Within();
    }
}
