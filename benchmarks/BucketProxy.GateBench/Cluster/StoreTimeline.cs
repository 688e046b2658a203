using System.Collections.Concurrent;
using System.Diagnostics;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;

namespace BucketProxy.GateBench.Cluster;

/// <summary>A change of the store, as it was heard of.</summary>
/// <param name="At">Of <see cref="Stopwatch"/>.</param>
/// <param name="Key">The key.</param>
/// <param name="Entry">Its new state; null: it is gone.</param>
internal sealed record StoreChange(long At, string Key, StoreEntry? Entry);

/// <summary>Writes down when gates, owners and moves change in the store: where the time of a loss goes.</summary>
internal sealed class StoreTimeline : IAsyncDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentQueue<StoreChange> _changes = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly IClusterStore _store;
    private readonly Task _following;

    private StoreTimeline(IClusterStore store, long revision)
    {
        _store = store;
        _following = FollowAsync(revision);
    }

    private static KeySchema Keys { get; } = new();

    /// <summary>Goes on from what the store holds now.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public static async Task<StoreTimeline> StartAsync(IClusterStore store) =>
        new(store, (await store.ReadAsync([Keys.Leader])).Revision);

    /// <summary>What changed after a moment, in order.</summary>
    public IEnumerable<StoreChange> After(long moment) => _changes.Where(change => change.At > moment);

    /// <exception cref="StoreException">It had to give up before.</exception>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following;
        _stop.Dispose();
    }

    private async Task FollowAsync(long revision)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await foreach (var batch in _store.WatchAsync([Keys.Gates, Keys.Assignments, Keys.Moves], revision + 1, _stop.Token))
                {
                    var now = Stopwatch.GetTimestamp();
                    foreach (var change in batch.Events)
                        _changes.Enqueue(new StoreChange(now, change.Key, change.Entry));
                    revision = batch.Revision;
                }
            }
            catch (StoreUnavailableException)
            {
                // Nothing is missed: it goes on where it stopped.
                await Task.Delay(RetryPause, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
        }
    }
}
