using BucketProxy.Cluster.Store;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Store;

/// <summary>Leases, and the keys that live under them.</summary>
public abstract class LeaseContract(StoreUnderTest opened) : ClusterStoreContract(opened)
{
    [Fact]
    public async Task Lease_NotRenewed_TakesItsKeysWithIt()
    {
        var lease = await GrantAsync(TimeSpan.FromSeconds(2));
        Assert.NotEqual(0, lease.LeaseId);
        Assert.True(lease.TimeToLive >= TimeSpan.FromSeconds(2));
        var put = await CommitAsync(
            StoreOperation.PutText(Root + "a", "1", lease.LeaseId), StoreOperation.PutText(Root + "b", "1", lease.LeaseId), Put("c", "stays"));
        Assert.Equal(lease.LeaseId, (await OneAsync("a")).LeaseId);
        await using var batches = Store.WatchAsync([Root], put.Revision + 1).GetAsyncEnumerator();
        var waiting = NextEventsAsync(batches);
        await PassAsync(lease.TimeToLive);
        var gone = await waiting;
        Assert.Equal(["a=", "b="], gone.Events.Select(Show).Order(StringComparer.Ordinal));
        Assert.Single(gone.Events.Select(e => e.Revision).Distinct());
        Assert.Equal("stays", (await OneAsync("c")).Text);
        Assert.Null(await Store.RenewLeaseAsync(lease.LeaseId).Within());
    }

    [Fact]
    public async Task Lease_Renewed_LivesOn()
    {
        var lease = await GrantAsync(TimeSpan.FromSeconds(3));
        await CommitAsync(StoreOperation.PutText(Root + "a", "1", lease.LeaseId));
        for (var i = 0; i < 4; i++)
        {
            await PassAsync(TimeSpan.FromSeconds(1));
            Assert.Equal(lease.TimeToLive, await Store.RenewLeaseAsync(lease.LeaseId).Within());
        }
        Assert.Equal("1", (await OneAsync("a")).Text);
    }

    [Fact]
    public async Task Lease_Revoked_TakesItsKeysWithItAtOnce()
    {
        var lease = await GrantAsync(TimeSpan.FromSeconds(60));
        await CommitAsync(StoreOperation.PutText(Root + "a", "1", lease.LeaseId));
        await Store.RevokeLeaseAsync(lease.LeaseId).Within();
        Assert.Empty((await Store.ReadAsync([Root])).Entries);
        Assert.Null(await Store.RenewLeaseAsync(lease.LeaseId).Within());
    }

    [Fact]
    public async Task Lease_Unknown_RenewsToNullAndRevokesInPeace()
    {
        Assert.Null(await Store.RenewLeaseAsync(123456789).Within());
        await Store.RevokeLeaseAsync(123456789).Within();
    }

    [Fact]
    public async Task Lease_KeyPutWithoutIt_IsFreeOfIt()
    {
        var lease = await GrantAsync(TimeSpan.FromSeconds(60));
        await CommitAsync(StoreOperation.PutText(Root + "a", "1", lease.LeaseId));
        await PutAsync("a", "2");
        await Store.RevokeLeaseAsync(lease.LeaseId).Within();
        Assert.Equal((0, "2"), ((await OneAsync("a")).LeaseId, (await OneAsync("a")).Text));
    }

    [Fact]
    public async Task Lease_KeyPutWithAnother_BelongsToThatOne()
    {
        var first = await GrantAsync(TimeSpan.FromSeconds(60));
        var second = await GrantAsync(TimeSpan.FromSeconds(60));
        Assert.NotEqual(first.LeaseId, second.LeaseId);
        await CommitAsync(StoreOperation.PutText(Root + "a", "1", first.LeaseId));
        await CommitAsync(StoreOperation.PutText(Root + "a", "2", second.LeaseId));
        await Store.RevokeLeaseAsync(first.LeaseId).Within();
        Assert.Equal("2", (await OneAsync("a")).Text);
        await Store.RevokeLeaseAsync(second.LeaseId).Within();
        Assert.Empty((await Store.ReadAsync([Root])).Entries);
    }
}
