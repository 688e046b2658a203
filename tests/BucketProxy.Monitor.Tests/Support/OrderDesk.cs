using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Auditing;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Orders;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Monitor.Tests.Support;

/// <summary>Orders on a store in memory, without any monitor: what is written is all there is to see.</summary>
internal sealed class OrderDesk : IViewSource, IAsyncDisposable
{
    private readonly ViewBuilder _builder;

    public OrderDesk(MonitorOptions? options = null)
    {
        _builder = new ViewBuilder(Keys);
        Store = new FaultInjectingStore(new MemoryStore(Time), Time);
        Orders = new ClusterOrders(Store, Keys, this, options ?? new MonitorOptions(), Time, _ =>
        {
            Accepted++;
            return Task.CompletedTask;
        });
    }

    public FakeTimeProvider Time { get; } = new();

    public KeySchema Keys { get; } = new();

    public FaultInjectingStore Store { get; }

    public ClusterOrders Orders { get; }

    public int Accepted { get; private set; }

    public ClusterView? Current { get; private set; }

    /// <summary>False: the mirror is behind, for good.</summary>
    public bool Mirrors { get; set; } = true;

    public Task ChangedSinceAsync(ClusterView? seen, CancellationToken cancellationToken) =>
        Mirrors ? SeeAsync() : Task.Delay(Timeout.InfiniteTimeSpan, Time, cancellationToken);

    public async Task PutAsync(string key, string text)
    {
        await Store.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText(key, text)] });
        await SeeAsync();
    }

    public async Task DeleteAsync(string key)
    {
        await Store.CommitAsync(new StoreTransaction { Success = [StoreOperation.DeleteKey(key)] });
        await SeeAsync();
    }

    public Task RegisterAsync(string id, string start = "t1", bool byUs = false) => PutAsync(Keys.Node(id),
        $$"""{"local_node_url":"http://{{id}}","start_time":"{{start}}","follows_pins":true{{(byUs ? ",\"registered_by\":\"bucketproxy\"" : "")}}}""");

    public async Task AssignAllAsync(string id)
    {
        foreach (var bucket in Bucket.All)
            await Store.CommitAsync(new StoreTransaction { Success = [StoreOperation.PutText(Keys.Assignment(bucket), id)] });
        await SeeAsync();
    }

    /// <summary>The newest view.</summary>
    public async Task<ClusterView> SeeAsync()
    {
        var snapshot = await Store.ReadAsync(Keys.Mirrored);
        Current = _builder.Apply(null, snapshot.ClusterId, snapshot.Revision,
            snapshot.Entries.Select(e => new WatchEvent(e.Key, e.ModRevision, e)));
        return Current;
    }

    public async Task<IReadOnlyList<AuditRecord>> AuditAsync() => await Orders.Audit.LastAsync(100, null, default);

    public ValueTask DisposeAsync() => Store.DisposeAsync();
}
