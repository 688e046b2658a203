using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Testing;

/// <summary>
/// What tests need of a clock beyond <see cref="FakeTimeProvider"/>. Mind two things of that class. <see cref="FakeTimeProvider.Advance"/> sets the clock to the
/// end first, and fires the timers then, in the order in which they are due: a timer that is set again by its own callback counts from the end. And
/// a second thread that advances while timers fire does not wait for them.
/// </summary>
public static class FakeTime
{
    extension(FakeTimeProvider time)
    {
        /// <summary>How far the clock was advanced.</summary>
        public TimeSpan Elapsed => time.GetUtcNow() - time.Start;

        /// <summary>Advances by steps, and lets what was awakened run in between, until the condition holds.</summary>
        /// <param name="condition">Asked before each step.</param>
        /// <param name="step">How far one step goes.</param>
        /// <param name="limit">How far all steps may go together.</param>
        /// <exception cref="TimeoutException">The condition does not hold within the limit.</exception>
        public Task AdvanceUntilAsync(Func<bool> condition, TimeSpan step, TimeSpan limit)
        {
            ArgumentNullException.ThrowIfNull(condition);
            return time.AdvanceUntilAsync(() => Task.FromResult(condition()), step, limit);
        }

        /// <inheritdoc cref="AdvanceUntilAsync(FakeTimeProvider, Func{bool}, TimeSpan, TimeSpan)"/>
        public async Task AdvanceUntilAsync(Func<Task<bool>> condition, TimeSpan step, TimeSpan limit)
        {
            ArgumentNullException.ThrowIfNull(time);
            ArgumentNullException.ThrowIfNull(condition);
            var end = time.GetUtcNow() + limit;
            while (true)
            {
                // What a timer awakened runs on other threads. A step too many does no harm: tests assert what happens, not when.
                for (var i = 0; i < 20; i++)
                {
                    if (await condition())
                        return;
                    await Task.Yield();
                }
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
                if (await condition())
                    return;
                if (time.GetUtcNow() >= end)
                    throw new TimeoutException($"The condition does not hold after {limit} of virtual time.");
                time.Advance(step);
            }
        }
    }
}
