using System.Collections.Concurrent;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;

namespace BucketProxy.EtcdFailure.Tests;

/// <summary>Sees every view that the mirror gives out, builds the table as a proxy does, and notes whatever must never be (S7).</summary>
internal sealed class TableObserver : IAsyncDisposable
{
    private readonly StoreMirror _mirror;
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly Task _loop;
    private RoutingTable? _table;

    public TableObserver(StoreMirror mirror)
    {
        _mirror = mirror;
        _loop = ObserveAsync();
    }

    /// <summary>The table in force.</summary>
    public RoutingTable? Table => Volatile.Read(ref _table);

    /// <summary>From now on an operator has accepted another history: revisions may fall once.</summary>
    public void ExpectAnotherHistory() => _table = null;

    public void AssertSound() => Assert.Empty(_faults);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _loop;
        _end.Dispose();
    }

    private async Task ObserveAsync()
    {
        ClusterView? seen = null;
        while (true)
        {
            try
            {
                await _mirror.ChangedSinceAsync(seen, _end.Token);
            }
            catch (OperationCanceledException)
            {
                // The test is over.
                return;
            }
            seen = _mirror.Current!;
            var before = Table;
            var table = RoutingTableBuilder.Build(before ?? RoutingTable.Empty, seen);
            if (before is not null)
                Compare(before, table);
            Volatile.Write(ref _table, table);
        }
    }

    private void Compare(RoutingTable before, RoutingTable after)
    {
        if (after.Revision < before.Revision)
            _faults.Enqueue($"a table of revision {after.Revision} came after one of {before.Revision}");
        if (after.Buckets.FirstOrDefault(e => e.State != EntryState.Open) is { } lost)
            _faults.Enqueue($"revision {after.Revision}: bucket {lost.Bucket} is {lost.State}");
        foreach (var bucket in Bucket.All)
        {
            if (after[bucket].Epoch < before[bucket].Epoch)
                _faults.Enqueue($"revision {after.Revision}: the epoch of {bucket} fell from {before[bucket].Epoch} to {after[bucket].Epoch}");
            // Flapping: what did not change must stay the same object, or everything in flight would be waited for.
            if (after[bucket].Epoch == before[bucket].Epoch && !ReferenceEquals(after[bucket], before[bucket]))
                _faults.Enqueue($"revision {after.Revision}: the entry of {bucket} was made anew although nothing about it changed");
        }
    }
}
