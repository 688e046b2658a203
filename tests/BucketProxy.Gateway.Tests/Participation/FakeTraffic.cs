using System.Collections.Concurrent;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Participation;

namespace BucketProxy.Gateway.Tests.Participation;

/// <summary>Requests in flight, as a test says.</summary>
internal sealed class FakeTraffic(CurrentTable table) : IProxyTraffic
{
    private readonly ConcurrentDictionary<Bucket, TaskCompletionSource> _ends = [];

    public ConcurrentDictionary<Bucket, string> Busy { get; } = [];

    public bool Aborted { get; private set; }

    public Action? OnAbort { get; set; }

    public void End(Bucket bucket)
    {
        Busy.TryRemove(bucket, out _);
        if (_ends.TryRemove(bucket, out var end))
            end.SetResult();
    }

    public Task WhenSilentAsync(Bucket bucket, BasePrefix? pin, CancellationToken cancellationToken)
    {
        Assert.NotEqual(EntryState.Open, table.Table[bucket].State);
        var end = _ends.GetOrAdd(bucket, _ => new TaskCompletionSource());
        // Looked at after it is there to be ended: an end in between would be missed.
        return Busy.ContainsKey(bucket) ? end.Task.WaitAsync(cancellationToken) : Task.CompletedTask;
    }

    public string? BusyWith(Bucket bucket, BasePrefix? pin) => Busy.GetValueOrDefault(bucket);

    public void AbortAll()
    {
        Assert.All(table.Table.Buckets, e => Assert.NotEqual(EntryState.Open, e.State));
        OnAbort?.Invoke();
        Aborted = true;
    }

    public LoadReport TakeLoad() => new();
}
