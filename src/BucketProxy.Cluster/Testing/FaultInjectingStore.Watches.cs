using System.Runtime.CompilerServices;
using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Testing;

// Watches, and what happens to what they tell.
public sealed partial class FaultInjectingStore
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<WatchBatch> WatchAsync(
        IReadOnlyList<string> prefixes, long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var watch = Open(fromRevision, cancellationToken);
        try
        {
            await using var batches = Current.WatchAsync(prefixes, fromRevision, watch.Token).GetAsyncEnumerator(watch.Token);
            while (await watch.NextAsync(batches))
            {
                var (batch, times) = Spoil(batches.Current);
                for (; times > 0; times--)
                    yield return batch;
            }
        }
        finally
        {
            lock (_lock)
                _watches.Remove(watch);
        }
    }

    private FaultyWatch Open(long fromRevision, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_partitioned)
                throw new StoreUnavailableException("Fault: the network is cut.");
            if (fromRevision < _compactRevision)
                throw new StoreCompactedException(_compactRevision);
            var watch = new FaultyWatch(cancellationToken);
            _watches.Add(watch);
            WatchesOpened++;
            return watch;
        }
    }

    private (WatchBatch Batch, int Times) Spoil(WatchBatch batch)
    {
        lock (_lock)
        {
            batch = batch with { ClusterId = _clusterId ?? batch.ClusterId };
            if (_missing is { } matches && batch.Events.FirstOrDefault(e => matches(e)) is { } lost)
            {
                _missing = null;
                batch = batch with { Events = [.. batch.Events.Where(e => !ReferenceEquals(e, lost))] };
            }
            if (_duplicates == 0 || batch.Events.Count == 0)
                return (batch, 1);
            _duplicates--;
            return (batch, 2);
        }
    }

    private void ForEachWatch(Action<FaultyWatch> act)
    {
        List<FaultyWatch> watches;
        lock (_lock)
            watches = [.. _watches];
        foreach (var watch in watches)
            act(watch);
    }
}
