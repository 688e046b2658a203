namespace BucketProxy.Testing;

/// <summary>How long a test waits, in real time, for something that must come: far longer than it takes, so that only a
/// fault reaches it.</summary>
public static class Patience
{
    /// <summary>30 s.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Waits for a task, but not for ever.</summary>
    /// <exception cref="TimeoutException">It did not come.</exception>
    public static Task<T> Within<T>(this Task<T> task) => task.WaitAsync(Limit);

    /// <inheritdoc cref="Within{T}(Task{T})"/>
    public static Task Within(this Task task) => task.WaitAsync(Limit);

    /// <summary>Waits for a state that comes by itself.</summary>
    /// <param name="condition">Asked every few milliseconds.</param>
    /// <param name="what">Names the state, for who reads the failure.</param>
    /// <exception cref="TimeoutException">It did not come.</exception>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        ArgumentNullException.ThrowIfNull(condition);
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        while (!condition())
        {
            if (limit.IsCancellationRequested)
                throw new TimeoutException($"It never came to this: {what}.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }
    }
}
