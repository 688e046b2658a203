using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Kv;
using BucketProxy.Etcd.Watching;

namespace BucketProxy.Etcd.Tests.Fake;

/// <summary>Takes a watch's updates one by one.</summary>
internal sealed class WatchReader : IAsyncDisposable
{
    private readonly EtcdClient _client;
    private readonly bool _owned;
    private readonly CancellationTokenSource _end = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private readonly IAsyncEnumerator<WatchUpdate> _updates;

    public WatchReader(EtcdClient client, KeyRange range, long fromRevision, bool owned)
    {
        _client = client;
        _owned = owned;
        _updates = client.WatchAsync(range, fromRevision, _end.Token).GetAsyncEnumerator(_end.Token);
    }

    public async Task<WatchUpdate> NextAsync() =>
        await _updates.MoveNextAsync() ? _updates.Current : throw new InvalidOperationException("a watch never ends by itself");

    /// <summary>The next update of a kind; others are passed over.</summary>
    public async Task<T> NextAsync<T>()
        where T : WatchUpdate
    {
        while (true)
        {
            if (await NextAsync() is T wanted)
                return wanted;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _updates.DisposeAsync();
        _end.Dispose();
        if (_owned)
            _client.Dispose();
    }
}
