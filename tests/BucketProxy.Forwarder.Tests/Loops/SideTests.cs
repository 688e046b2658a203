using BucketProxy.Forwarder.Loops;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Loops;

public sealed class SideTests
{
    private Side _side = new(isInput: true);

    [Fact]
    public void New_IsNotReady_AndNobodyWaits()
    {
        Assert.False(_side.IsReady);
        Assert.False(_side.TryTakeBack());
        Assert.True(_side.IsInput);
        Assert.False(new Side(isInput: false).IsInput);
    }

    [Fact]
    public void TryAwait_Idle_ExecutesOnceAndOnTheCallersThread()
    {
        var waiter = new CountingWaiter();

        Assert.True(_side.TryAwait(waiter));
        Assert.False(_side.IsReady);
        Assert.Equal(0, waiter.Count);
        _side.Happened();
        _side.Happened();

        Assert.Equal(1, waiter.Count);
        Assert.Same(Thread.CurrentThread, waiter.Thread);
        Assert.True(_side.IsReady);
    }

    [Fact]
    public void TryAwait_Ready_SaysSoAndNeverExecutes()
    {
        var waiter = new CountingWaiter();
        _side.Happened();

        Assert.False(_side.TryAwait(waiter));
        _side.Happened();

        Assert.True(_side.IsReady);
        Assert.Equal(0, waiter.Count);
    }

    [Fact]
    public void Begin_TakesTheNoteDown_MorePutsItUp()
    {
        _side.Happened();
        _side.Begin();
        Assert.False(_side.IsReady);

        _side.More();
        Assert.True(_side.IsReady);
        Assert.False(_side.TryAwait(new CountingWaiter()));

        _side.Begin();
        Assert.True(_side.TryAwait(new CountingWaiter()));
    }

    [Fact]
    public void TryTakeBack_Awaited_TheWaiterIsNotExecuted()
    {
        var waiter = new CountingWaiter();
        _side.TryAwait(waiter);

        Assert.True(_side.TryTakeBack());
        Assert.False(_side.TryTakeBack());
        _side.Happened();

        Assert.Equal(0, waiter.Count);
        Assert.True(_side.IsReady);
    }

    [Fact]
    public void TryTakeBack_ReadyOrExecuted_False()
    {
        _side.Happened();
        Assert.False(_side.TryTakeBack());
        Assert.True(_side.IsReady);

        _side.Begin();
        _side.TryAwait(new CountingWaiter());
        _side.Happened();
        Assert.False(_side.TryTakeBack());
        Assert.True(_side.IsReady);
    }

    [Fact]
    public async Task Wake_Awaited_ExecutesOnceOnAnotherThread()
    {
        var waiter = new CountingWaiter();
        var caller = Thread.CurrentThread;
        _side.TryAwait(waiter);

        lock (waiter)
        {
            _side.Wake();
            _side.Wake();
            _side.Happened();
        }
        await waiter.Executed.Within();

        Assert.Equal(1, waiter.Count);
        Assert.NotSame(caller, waiter.Thread);
        Assert.True(_side.IsReady);
    }

    [Fact]
    public void Wake_Idle_IsReady()
    {
        _side.Wake();

        Assert.True(_side.IsReady);
        Assert.False(_side.TryAwait(new CountingWaiter()));
    }

    [Fact]
    public async Task Race_OfTheLoopAndWhoeverTakesBackOrWakes_NobodyIsLostNobodyIsToldTwice()
    {
        // The loop produces, one thread wakes, one takes the waiter back and tells it itself, as a cancel does. Whoever is lost waits for ever.
        const int Items = 100_000;
        var produced = 0;
        var executed = 0;
        var awaited = 0;
        var isOver = false;
        using var told = new AutoResetEvent(false);
        var waiter = new CountingWaiter(() =>
        {
            Interlocked.Increment(ref executed);
            told.Set();
        });

        var threads = new[]
        {
            Start(() =>
            {
                for (var i = 0; i < Items; i++)
                {
                    Interlocked.Increment(ref produced);
                    _side.Happened();
                    Thread.SpinWait(i % 50);
                }
            }),
            Start(() =>
            {
                for (var i = 0; !Volatile.Read(ref isOver); i++)
                {
                    if (_side.TryTakeBack())
                        waiter.Execute();
                    Thread.SpinWait(i % 200);
                    Thread.Yield();
                }
            }),
            Start(() =>
            {
                for (var i = 0; !Volatile.Read(ref isOver); i++)
                {
                    _side.Wake();
                    Thread.SpinWait(i % 300);
                    Thread.Yield();
                }
            }),
            Start(() =>
            {
                try
                {
                    for (var consumed = 0; consumed < Items;)
                    {
                        _side.Begin();
                        var there = Volatile.Read(ref produced);
                        if (there > consumed)
                        {
                            consumed = there;
                            continue;
                        }
                        if (!_side.TryAwait(waiter))
                            continue;
                        awaited++;
                        Assert.True(told.WaitOne(Patience.Limit), "The waiter was lost.");
                        // Were it told twice, the next wait would be over before its time, and the counts would differ.
                        Assert.Equal(awaited, Volatile.Read(ref executed));
                    }
                }
                finally
                {
                    Volatile.Write(ref isOver, true);
                }
            }),
        };
        await Task.WhenAll(threads).Within();

        Assert.Equal(awaited, executed);
        Assert.NotEqual(0, awaited);
    }

    private static Task Start(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
