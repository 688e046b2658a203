using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Kv;
using BucketProxy.Etcd.Tests.Fake;
using BucketProxy.Etcd.Watching;

namespace BucketProxy.Etcd.Tests.Real;

public sealed class LeaseTests(EtcdFixture etcd) : IClassFixture<EtcdFixture>
{
    private readonly EtcdClient _client = etcd.Client;
    private readonly string _prefix = etcd.NewPrefix();

    [Fact]
    public async Task Grant_ThenPut_KeyHangsOnTheLease()
    {
        var lease = await _client.GrantLeaseAsync(TimeSpan.FromSeconds(60));
        await _client.PutAsync(_prefix + "k", "v", lease.Id);

        var life = await _client.LeaseTimeToLiveAsync(lease.Id, keys: true);

        Assert.Equal(TimeSpan.FromSeconds(60), lease.Ttl);
        Assert.Equal(TimeSpan.FromSeconds(60), life.Granted);
        Assert.InRange(life.Remaining, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        Assert.Equal<EtcdBytes>(_prefix + "k", Assert.Single(life.Keys));
        Assert.Equal(lease.Id, (await _client.RangeAsync(KeyRange.Key(_prefix + "k"))).KeyValues[0].Lease);
    }

    [Fact]
    public async Task Revoke_KeyIsDeletedAndTheWatchSeesIt()
    {
        var lease = await _client.GrantLeaseAsync(TimeSpan.FromSeconds(60));
        var put = await _client.PutAsync(_prefix + "k", "v", lease.Id);
        await using var watch = new WatchReader(_client, KeyRange.Key(_prefix + "k"), put.Header.Revision + 1, owned: false);

        await _client.RevokeLeaseAsync(lease.Id);

        Assert.Equal(WatchEventKind.Delete, Assert.Single((await watch.NextAsync<WatchChanges>()).Events).Kind);
    }

    [Fact]
    public async Task Rule9_KeepAlive_CountsFromTheSending()
    {
        var lease = await _client.GrantLeaseAsync(TimeSpan.FromSeconds(60));
        var before = TimeProvider.System.GetTimestamp();

        var renewal = await _client.KeepLeaseAliveAsync(lease.Id);

        var after = TimeProvider.System.GetTimestamp();
        Assert.Equal(TimeSpan.FromSeconds(60), renewal.Ttl);
        Assert.InRange(renewal.SentAt, before, after);
    }

    [Fact]
    public async Task Rule9_KeepAliveOfALostLease_SaysItIsGone()
    {
        var lease = await _client.GrantLeaseAsync(TimeSpan.FromSeconds(60));
        await _client.RevokeLeaseAsync(lease.Id);

        var error = await Assert.ThrowsAsync<EtcdLeaseNotFoundException>(() => _client.KeepLeaseAliveAsync(lease.Id));

        Assert.Equal(lease.Id, error.LeaseId);
        await Assert.ThrowsAsync<EtcdLeaseNotFoundException>(() => _client.LeaseTimeToLiveAsync(lease.Id));
        await Assert.ThrowsAsync<EtcdLeaseNotFoundException>(() => _client.RevokeLeaseAsync(lease.Id));
    }

    [Fact]
    public async Task Lease_NotRenewed_EndsAndTakesItsKeysAlong()
    {
        var lease = await _client.GrantLeaseAsync(TimeSpan.FromSeconds(1));
        var put = await _client.PutAsync(_prefix + "k", "v", lease.Id);
        await using var watch = new WatchReader(_client, KeyRange.Key(_prefix + "k"), put.Header.Revision + 1, owned: false);

        Assert.Equal(WatchEventKind.Delete, Assert.Single((await watch.NextAsync<WatchChanges>()).Events).Kind);
    }

    [Fact]
    public async Task Put_UnderALeaseThatIsNot_IsRefused()
    {
        var error = await Assert.ThrowsAsync<EtcdException>(() => _client.PutAsync(_prefix + "k", "v", lease: 12345));
        Assert.Equal(EtcdStatusCode.NotFound, error.Status);
    }

    [Fact]
    public async Task Grant_NumberTaken_IsRefused()
    {
        var lease = await _client.GrantLeaseAsync(TimeSpan.FromSeconds(60), id: 4711);
        Assert.Equal(4711, lease.Id);
        await Assert.ThrowsAsync<EtcdException>(() => _client.GrantLeaseAsync(TimeSpan.FromSeconds(60), id: 4711));
    }

    [Fact]
    public async Task Grant_NegativeNumberOrShortTime_IsNotOffered()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _client.GrantLeaseAsync(TimeSpan.FromSeconds(60), id: -1));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _client.GrantLeaseAsync(TimeSpan.FromMilliseconds(10)));
    }
}
