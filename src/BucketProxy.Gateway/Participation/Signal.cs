namespace BucketProxy.Gateway.Participation;

/// <summary>Wakes one loop. A signal set at any time after <see cref="Reset"/> is seen by the next wait.</summary>
internal sealed class Signal
{
    private TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when set.</summary>
    public Task Task => Volatile.Read(ref _source).Task;

    /// <summary>Sets it; from any thread.</summary>
    public void Set() => Volatile.Read(ref _source).TrySetResult();

    /// <summary>Arms it anew. Call before looking at what the signal is about, or a change is missed.</summary>
    public void Reset()
    {
        if (_source.Task.IsCompleted)
            Volatile.Write(ref _source, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}
