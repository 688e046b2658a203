using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Leases;

/// <summary>
/// Keeps one lease alive: renews it every third of its time to live, or as often as is asked for, until it is disposed of or the store says
/// that it is gone.
/// </summary>
/// <remarks>
/// A renewal counts from when it was <b>sent</b>, on the monotonic clock: the store may have started counting then, and an
/// answer that was long under way must not make the lease look younger than it is.
/// </remarks>
public sealed class LeaseKeeper : IAsyncDisposable
{
    private readonly IClusterStore _store;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _leaseId;
    private readonly TimeSpan _timeToLive;
    private readonly Task _loop;
    private long _renewedAt;

    private readonly TimeSpan _pause;
    private readonly Action? _renewed;

    private LeaseKeeper(IClusterStore store, TimeProvider time, LeaseGrant grant, long sentAt, TimeSpan? interval, Action? renewed)
    {
        _pause = interval ?? grant.TimeToLive / 3;
        _renewed = renewed;
        _store = store;
        _time = time;
        _leaseId = grant.LeaseId;
        _timeToLive = grant.TimeToLive;
        _renewedAt = sentAt;
        _loop = RenewUntilLostAsync();
    }

    /// <summary>The lease to put keys under.</summary>
    public long LeaseId => _leaseId;

    /// <summary>What the store granted.</summary>
    public TimeSpan TimeToLive => _timeToLive;

    /// <summary>Completes when the store has said that the lease is gone. Never fails.</summary>
    public Task Lost => _lost.Task;

    /// <summary>
    /// How long the lease lives for certain unless it is revoked; zero or less: it may have ended. Also the margin to watch.
    /// </summary>
    public TimeSpan Remaining => _timeToLive - _time.GetElapsedTime(Interlocked.Read(ref _renewedAt));

    /// <summary>Until when the lease lives for certain unless it is revoked, as a timestamp of the clock that it was granted by.</summary>
    public long EndsAt => Interlocked.Read(ref _renewedAt) + (long)(_timeToLive.TotalSeconds * _time.TimestampFrequency);

    /// <summary>Grants a lease and starts to keep it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="timeToLive">What is asked for.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <param name="interval">How often it is renewed; null: every third of what the store granted.</param>
    /// <param name="renewed">Called after each renewal that the store has acknowledged; quick, does not throw.</param>
    /// <exception cref="StoreUnavailableException">The store did not grant one.</exception>
    public static async Task<LeaseKeeper> GrantAsync(
        IClusterStore store, TimeSpan timeToLive, TimeProvider time, CancellationToken cancellationToken,
        TimeSpan? interval = null, Action? renewed = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(time);
        var sentAt = time.GetTimestamp();
        var grant = await store.GrantLeaseAsync(timeToLive, cancellationToken).ConfigureAwait(false);
        return new LeaseKeeper(store, time, grant, sentAt, interval, renewed);
    }

    private async Task RenewUntilLostAsync()
    {
        var pause = _pause;
        var retry = TimeSpan.FromTicks(Math.Min(_timeToLive.Ticks / 10, TimeSpan.TicksPerSecond));
        var next = pause;
        try
        {
            while (true)
            {
                await Task.Delay(next, _time, _stop.Token).ConfigureAwait(false);
                var sentAt = _time.GetTimestamp();
                try
                {
                    using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                    using var timer = _time.CreateTimer(
                        static s => ((CancellationTokenSource)s!).Cancel(), deadline, pause, Timeout.InfiniteTimeSpan);
                    if (await _store.RenewLeaseAsync(_leaseId, deadline.Token).ConfigureAwait(false) is null)
                    {
                        _lost.TrySetResult();
                        return;
                    }
                    Interlocked.Exchange(ref _renewedAt, sentAt);
                    _renewed?.Invoke();
                    next = pause;
                }
                catch (StoreException)
                {
                    // Not lost, only not confirmed: Remaining runs down, whoever must fence watches it.
                    next = retry;
                }
                catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
                {
                    next = retry;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed of.
        }
    }

    /// <summary>Stops renewing and says nothing to the store, as the death of the process would: the lease ends by itself.</summary>
    public async ValueTask AbandonAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>Stops renewing and revokes the lease if the store can be reached within a third of its time to live;
    /// otherwise the lease ends by itself.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        if (!_lost.Task.IsCompleted)
        {
            using var deadline = new CancellationTokenSource(_timeToLive / 3, _time);
            try
            {
                await _store.RevokeLeaseAsync(_leaseId, deadline.Token).ConfigureAwait(false);
            }
            catch (StoreException)
            {
                // It ends by itself.
            }
            catch (OperationCanceledException)
            {
                // It ends by itself.
            }
        }
        _stop.Dispose();
    }
}
