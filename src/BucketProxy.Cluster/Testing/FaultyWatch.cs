using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Testing;

/// <summary>One open watch of a <see cref="FaultInjectingStore"/>.</summary>
internal sealed class FaultyWatch : IDisposable
{
    private readonly CancellationTokenSource _end;
    private readonly CancellationToken _caller;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _registration;
    private StoreException? _broken;
    private volatile bool _wedged;

    public FaultyWatch(CancellationToken caller)
    {
        _caller = caller;
        _end = CancellationTokenSource.CreateLinkedTokenSource(caller);
        Token = _end.Token;
        _registration = Token.Register(() => _ended.TrySetResult());
    }

    /// <summary>Ends with the caller's, or when the watch breaks.</summary>
    public CancellationToken Token { get; }

    public void Wedge() => _wedged = true;

    public void Break(StoreException error)
    {
        if (Interlocked.CompareExchange(ref _broken, error, null) is not null)
            return;
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself at the same moment.
        }
    }

    /// <summary>The next batch of the store's, unless this watch is wedged (then nothing) or broken (then its error).</summary>
    public async Task<bool> NextAsync(IAsyncEnumerator<WatchBatch> batches)
    {
        try
        {
            var next = !_wedged && await batches.MoveNextAsync();
            if (!_wedged && _broken is null)
                return next;
            await _ended.Task;
            Token.ThrowIfCancellationRequested();
            return false;
        }
        catch (OperationCanceledException) when (_broken is not null && !_caller.IsCancellationRequested)
        {
            throw _broken;
        }
    }

    public void Dispose()
    {
        _registration.Dispose();
        _end.Dispose();
    }
}
