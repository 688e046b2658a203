using System.Collections.Concurrent;
using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Kv;
using BucketProxy.Etcd.Watching;

namespace BucketProxy.EtcdFailure.Tests;

/// <summary>Follows one watch of the client through everything, and keeps each change it reports.</summary>
internal sealed class ChangeRecorder : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentQueue<(string Key, long Revision)> _changes = new();
    private readonly Task _loop;
    private long _last;
    private int _interruptions;

    public ChangeRecorder(EtcdClient client, KeyRange range, long from) => _loop = FollowAsync(client, range, from);

    /// <summary>The last revision reported.</summary>
    public long Last => Volatile.Read(ref _last);

    /// <summary>How many streams ended.</summary>
    public int Interruptions => Volatile.Read(ref _interruptions);

    /// <summary>Every acknowledged write was reported, once, and in order.</summary>
    public void AssertHolds(IEnumerable<long> acknowledged)
    {
        var revisions = _changes.Select(c => c.Revision).ToList();
        Assert.Equal(revisions.Order(), revisions);
        Assert.Equal(_changes.Distinct().Count(), _changes.Count);
        Assert.Empty(acknowledged.Except(revisions));
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _loop;
        _end.Dispose();
    }

    private async Task FollowAsync(EtcdClient client, KeyRange range, long from)
    {
        try
        {
            await foreach (var update in client.WatchAsync(range, from, _end.Token))
            {
                if (update is WatchInterrupted)
                    Interlocked.Increment(ref _interruptions);
                if (update is not WatchChanges changes)
                    continue;
                foreach (var change in changes.Events)
                    _changes.Enqueue((change.KeyValue.Key.ToString(), change.KeyValue.ModRevision));
                Volatile.Write(ref _last, changes.Revision);
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // The test is over.
        }
    }
}
