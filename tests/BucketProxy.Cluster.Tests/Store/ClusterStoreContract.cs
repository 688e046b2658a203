using BucketProxy.Cluster.Store;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Store;

/// <summary>
/// What every <see cref="IClusterStore"/> does, whatever is behind it: <see cref="CommitContract"/>, <see cref="ComparisonContract"/>,
/// <see cref="WatchContract"/>, <see cref="LeaseContract"/>. Each implementation derives a class from each of them and gives a
/// <see cref="StoreUnderTest"/>.
/// </summary>
/// <remarks>A store may hold keys of others, but while a test runs nobody else writes.</remarks>
public abstract class ClusterStoreContract(StoreUnderTest opened) : IAsyncLifetime
{
    private readonly List<long> _leases = [];
    private IClusterStore? _store;

    protected IClusterStore Store => _store!;

    protected string Root { get; } = $"contract-{Guid.NewGuid():N}/";

    public async Task InitializeAsync() => _store = await opened.OpenAsync();

    public async Task DisposeAsync()
    {
        // A lease left behind would end, and take a revision, in the middle of a later test on the same store.
        foreach (var lease in _leases)
            await Store.RevokeLeaseAsync(lease).Within();
        await Store.DisposeAsync();
        await opened.CloseAsync();
    }

    /// <inheritdoc cref="StoreUnderTest.PassAsync"/>
    protected Task PassAsync(TimeSpan time) => opened.PassAsync(time);

    /// <inheritdoc cref="StoreUnderTest.CompactAsync"/>
    protected Task CompactAsync(long revision) => opened.CompactAsync(revision);

    protected StoreOperation Put(string key, string text) => StoreOperation.PutText(Root + key, text);

    protected async Task<LeaseGrant> GrantAsync(TimeSpan timeToLive)
    {
        var lease = await Store.GrantLeaseAsync(timeToLive).Within();
        _leases.Add(lease.LeaseId);
        return lease;
    }

    protected Task<TransactionResult> PutAsync(string key, string text) => CommitAsync(Put(key, text));

    protected Task<TransactionResult> CommitAsync(params StoreOperation[] operations) =>
        Store.CommitAsync(new StoreTransaction { Success = operations }).Within();

    protected async Task<StoreEntry> OneAsync(string key) =>
        Assert.Single((await Store.ReadAsync([Root + key]).Within()).Entries, e => e.Key == Root + key);

    protected async Task<WatchBatch> FirstEventsAsync(long from)
    {
        await using var batches = Store.WatchAsync([Root], from).GetAsyncEnumerator();
        return await NextEventsAsync(batches);
    }

    protected static async Task<WatchBatch> NextEventsAsync(IAsyncEnumerator<WatchBatch> batches)
    {
        do
        {
            Assert.True(await batches.MoveNextAsync().AsTask().Within(), "A watch never ends by itself.");
        }
        while (batches.Current.Events.Count == 0);
        return batches.Current;
    }

    protected string Show(WatchEvent e) => $"{e.Key[Root.Length..]}={e.Entry?.Text}";
}
