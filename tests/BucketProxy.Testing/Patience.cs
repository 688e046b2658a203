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
}
