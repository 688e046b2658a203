namespace BucketProxy.Testing;

/// <summary>
/// A clock that stands until a test advances it. Timers fire on the advancing thread, in the order in which they are due,
/// each at its own time. Thread-safe.
/// </summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now;
    private long _order;

    /// <summary>A clock that stands at the given time; at noon of 1 January 2026 if none is given.</summary>
    public ManualTimeProvider(DateTimeOffset? start = null)
    {
        Start = _now = start ?? new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    }

    /// <summary>Where it began.</summary>
    public DateTimeOffset Start { get; }

    /// <summary>How far it was advanced.</summary>
    public TimeSpan Elapsed => GetUtcNow() - Start;

    /// <summary>How many timers wait to fire.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_lock)
                return _timers.Count;
        }
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _now;
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Advances the clock and fires what falls due on the way.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        DateTimeOffset end;
        lock (_lock)
            end = _now + by;
        while (TakeDue(end) is { } timer)
            timer.Fire();
    }

    /// <summary>
    /// Advances by steps, and lets what was awakened run in between, until the condition holds.
    /// </summary>
    /// <param name="condition">Asked before each step.</param>
    /// <param name="step">How far one step goes.</param>
    /// <param name="limit">How far all steps may go together.</param>
    /// <exception cref="TimeoutException">The condition does not hold within the limit.</exception>
    public Task AdvanceUntilAsync(Func<bool> condition, TimeSpan step, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return AdvanceUntilAsync(() => Task.FromResult(condition()), step, limit);
    }

    /// <inheritdoc cref="AdvanceUntilAsync(Func{bool}, TimeSpan, TimeSpan)"/>
    public async Task AdvanceUntilAsync(Func<Task<bool>> condition, TimeSpan step, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var end = GetUtcNow() + limit;
        while (true)
        {
            // What a timer awakened runs on other threads. A step too many does no harm: tests assert what happens, not when.
            for (var i = 0; i < 20; i++)
            {
                if (await condition())
                    return;
                await Task.Yield();
            }
            await Task.Delay(TimeSpan.FromMilliseconds(1), System);
            if (await condition())
                return;
            if (GetUtcNow() >= end)
                throw new TimeoutException($"The condition does not hold after {limit} of virtual time.");
            Advance(step);
        }
    }

    private ManualTimer? TakeDue(DateTimeOffset end)
    {
        lock (_lock)
        {
            var next = _timers.Where(t => t.Due <= end).MinBy(t => (t.Due, t.Order));
            if (next is null)
            {
                _now = end;
                return null;
            }
            if (next.Due > _now)
                _now = next.Due;
            _timers.Remove(next);
            if (next.Period > TimeSpan.Zero)
                Arm_NeedsLock(next, next.Period);
            return next;
        }
    }

    private void Arm_NeedsLock(ManualTimer timer, TimeSpan due)
    {
        timer.Due = _now + due;
        timer.Order = _order++;
        _timers.Add(timer);
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private bool _disposed;

        public DateTimeOffset Due { get; set; }

        public long Order { get; set; }

        public TimeSpan Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                if (_disposed)
                    return false;
                clock._timers.Remove(this);
                Period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                    clock.Arm_NeedsLock(this, dueTime);
                return true;
            }
        }

        public void Dispose()
        {
            lock (clock._lock)
            {
                _disposed = true;
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
