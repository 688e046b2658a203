using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace BucketProxy.Gateway.Tunnels;

/// <summary>
/// Reads a client's connection so that a wait for its bytes can be left at any time without losing any: waiting is done with an empty buffer, and goes
/// on when whoever waited has been woken. One reader at a time; <see cref="Wake"/> by anybody.
/// </summary>
internal sealed class ClientReader : IValueTaskSource<int>, IValueTaskSource
{
    private readonly Stream _client;
    private readonly CancellationTokenSource? _ending;
    private readonly Lock _lock = new();
    private readonly Action _onCame;
    private ManualResetValueTaskSourceCore<int> _source;
    private ValueTaskAwaiter<int> _coming;
    // A wait for the client is under way; it outlives whoever began it.
    private bool _isComing;
    private bool _hasCome;
    private bool _isWoken;
    private bool _isAwaited;
    private bool _awaitsClient;
    private TaskCompletionSource? _ended;

    /// <param name="client">Its connection.</param>
    /// <param name="canCancel">A wait is ended by cancelling it; else by whoever closes the connection.</param>
    public ClientReader(Stream client, bool canCancel)
    {
        _client = client;
        _ending = canCancel ? new CancellationTokenSource() : null;
        _onCame = OnCame;
    }

    private CancellationToken Ending => _ending?.Token ?? CancellationToken.None;

    /// <summary>The client has said something, or has ended: a read does not wait.</summary>
    public bool HasCome
    {
        get
        {
            lock (_lock)
                return _hasCome;
        }
    }

    /// <summary>Waits for the client to say something, or end; or for <see cref="Wake"/>.</summary>
    /// <returns>0, as a read into an empty buffer.</returns>
    public ValueTask<int> WaitAsync()
    {
        bool isComing;
        lock (_lock)
        {
            if (_hasCome)
                return new ValueTask<int>(0);
            isComing = _isComing;
        }
        if (!isComing)
        {
#pragma warning disable CA2012 // Taken exactly once: below, or by OnCame.
            var coming = _client.ReadAsync(Memory<byte>.Empty, Ending).GetAwaiter();
            if (coming.IsCompleted)
            {
                coming.GetResult();
                lock (_lock)
                    _hasCome = true;
                return new ValueTask<int>(0);
            }
            _isComing = true;
            _coming = coming;
#pragma warning restore CA2012
            _coming.UnsafeOnCompleted(_onCame);
        }
        return TryAwait(orWhenItComes: true) ? new ValueTask<int>(this, _source.Version) : new ValueTask<int>(0);
    }

    /// <summary>Waits for <see cref="Wake"/> only.</summary>
    public ValueTask WaitToBeWokenAsync() => TryAwait(orWhenItComes: false) ? new ValueTask(this, _source.Version) : ValueTask.CompletedTask;

    /// <summary>Reads what has come. After <see cref="HasCome"/> said so.</summary>
    /// <returns>0 at the end.</returns>
    public ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        _hasCome = false;
        return _client.ReadAsync(buffer, Ending);
    }

    /// <summary>Whoever waits looks again; if nobody does, whoever waits next.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            if (!_isAwaited)
            {
                _isWoken = true;
                return;
            }
            _isAwaited = false;
        }
        _source.SetResult(0);
    }

    /// <summary>Ends a wait that is under way. Its connection was closed, or the wait is cancelled here.</summary>
    public async Task EndAsync()
    {
        if (_ending is not null)
            await _ending.CancelAsync();
        Task ended;
        lock (_lock)
        {
            if (!_isComing)
                return;
            _ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ended = _ended.Task;
        }
        await ended;
    }

    int IValueTaskSource<int>.GetResult(short token) => _source.GetResult(token);

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    /// <summary>False: it need not be waited for, it was woken or something came meanwhile.</summary>
    private bool TryAwait(bool orWhenItComes)
    {
        lock (_lock)
        {
            if (_isWoken || (orWhenItComes && _hasCome))
            {
                _isWoken = false;
                return false;
            }
            _awaitsClient = orWhenItComes;
            _isAwaited = true;
            _source.Reset();
            return true;
        }
    }

    /// <summary>On the thread that found it.</summary>
    private void OnCame()
    {
        try
        {
            _coming.GetResult();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection is broken: the read that follows says so.
        }
        lock (_lock)
        {
            _isComing = false;
            _hasCome = true;
            _ended?.TrySetResult();
            if (!_isAwaited || !_awaitsClient)
                return;
            _isAwaited = false;
        }
        _source.SetResult(0);
    }
}
