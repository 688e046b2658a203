using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Gateway.Tests.Holding;

/// <summary>A clock that knows how many of its timers nobody has disposed of.</summary>
internal sealed class CountedTimers : FakeTimeProvider
{
    private int _left;

    public int Left => Volatile.Read(ref _left);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Interlocked.Increment(ref _left);
        return new Timer(this, base.CreateTimer(callback, state, dueTime, period));
    }

    private sealed class Timer(CountedTimers clock, ITimer inner) : ITimer
    {
        private int _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(dueTime, period);

        public void Dispose()
        {
            inner.Dispose();
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
                Interlocked.Decrement(ref clock._left);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
