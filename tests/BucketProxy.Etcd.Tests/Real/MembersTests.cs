using BucketProxy.Etcd.Client;

namespace BucketProxy.Etcd.Tests.Real;

public sealed class MembersTests(EtcdFixture etcd) : IClassFixture<EtcdFixture>
{
    [Fact]
    public async Task Members_OfOne_IsThatOne()
    {
        var member = Assert.Single((await etcd.Client.MembersAsync()).Members);
        Assert.Equal(etcd.Etcd.Name, member.Name);
        Assert.Equal(etcd.Etcd.PeerUrl, Assert.Single(member.PeerUrls));
        Assert.Equal(etcd.Etcd.Endpoint, Assert.Single(member.ClientUrls));
        Assert.False(member.IsLearner);
    }

    [Fact]
    public async Task Status_OfTheOnlyMember_IsTheLeader()
    {
        var status = await etcd.Client.StatusAsync(EtcdEndpoint.Parse(etcd.Etcd.Endpoint));
        Assert.Matches(@"^3\.\d+\.\d+$", status.Version);
        Assert.Equal(status.Header.MemberId, status.Leader);
        Assert.True(status.DatabaseBytes > 0);
        Assert.Empty(status.Errors);
    }

    [Fact]
    public async Task Status_OfAnUnknownEndpoint_Throws()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => etcd.Client.StatusAsync(EtcdEndpoint.Parse("elsewhere:1")));
    }

    [Fact]
    public async Task Call_AfterDispose_Throws()
    {
        var client = new EtcdClient(EtcdClientOptions.ForEndpoints(etcd.Etcd.Endpoint), TimeProvider.System);
        client.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.MembersAsync());
    }
}
