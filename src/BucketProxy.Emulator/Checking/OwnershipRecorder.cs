using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Core.Bases;

namespace BucketProxy.Emulator.Checking;

/// <summary>
/// Writes an <see cref="OwnershipHistory"/> from what the store says, change by change. It follows the store by itself, with nothing of the proxy's mirror in it: it is a witness.
/// Its times are those of arrival, so judge with an <see cref="OwnershipCheck.OwnerSlack"/>.
/// </summary>
public sealed class OwnershipRecorder(IClusterStore store, KeySchema keys, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, string> _now = new(StringComparer.Ordinal);
    private Task _following = Task.CompletedTask;

    /// <summary>What it saw so far.</summary>
    public OwnershipHistory History { get; } = new();

    /// <summary>How many changes of an owner it saw since it started.</summary>
    public int Changes { get; private set; }

    /// <summary>Reads what is, and goes on following until disposed of.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public async Task StartAsync(CancellationToken cancel = default)
    {
        var revision = await ReadAsync(cancel);
        _following = FollowAsync(revision);
    }

    /// <summary>Stops following.</summary>
    /// <exception cref="StoreException">It had to give up before: the history has an end that it does not tell of.</exception>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
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
                await foreach (var batch in store.WatchAsync([keys.Assignments, keys.Pins], revision + 1, _stop.Token))
                {
                    foreach (var change in batch.Events)
                        Set(change.Key, change.Entry?.Text);
                    revision = batch.Revision;
                }
            }
            catch (StoreUnavailableException)
            {
                // Nothing is missed: it goes on where it stopped.
                await Task.Delay(RetryPause, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task<long> ReadAsync(CancellationToken cancel)
    {
        var snapshot = await store.ReadAsync([keys.Assignments, keys.Pins], ReadConsistency.Linearizable, cancel);
        foreach (var entry in snapshot.Entries)
            Set(entry.Key, entry.Text);
        return snapshot.Revision;
    }

    private void Set(string key, string? owner)
    {
        if (_now.GetValueOrDefault(key) == owner)
            return;
        if (owner is null)
            _now.Remove(key);
        else
            _now[key] = owner;
        Changes++;
        if (KeySchema.TryRest(key, keys.Assignments, out var rest) && Bucket.TryParse(rest, out var bucket))
            History.SetBucket(bucket, owner, time.GetUtcNow());
        else if (KeySchema.TryRest(key, keys.Pins, out rest) && BasePrefix.TryParse(rest, out var pin))
            History.SetPin(pin, owner, time.GetUtcNow());
    }
}
