namespace BucketProxy.Forwarder.Tests.Support;

/// <summary>Waits for a socket, and counts how often it was told.</summary>
internal sealed class CountingWaiter(Action? then = null) : IThreadPoolWorkItem
{
    private readonly TaskCompletionSource _executed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    public Task Executed => _executed.Task;

    public int Count => Volatile.Read(ref _count);

    /// <summary>On which it was told last.</summary>
    public Thread? Thread { get; private set; }

    public void Execute()
    {
        Thread = Thread.CurrentThread;
        Interlocked.Increment(ref _count);
        then?.Invoke();
        _executed.TrySetResult();
    }
}
