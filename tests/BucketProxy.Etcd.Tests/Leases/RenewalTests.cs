using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Tests.Fake;

namespace BucketProxy.Etcd.Tests.Leases;

public sealed class RenewalTests
{
    [Fact]
    public async Task Rule9_RenewalAnsweredLate_CountsFromTheSending()
    {
        long arrived = 0;
        await using var fake = await FakeEtcd.StartAsync(async call =>
        {
            await call.ReadAsync(Wire.LeaseKeepAliveRequest.Parser);
            arrived = TimeProvider.System.GetTimestamp();
            await call.AnswerAsync(new Wire.LeaseKeepAliveResponse { ID = 7, TTL = 30 });
        });
        using var client = Clients.For(fake.Endpoint);

        var renewal = await client.KeepLeaseAliveAsync(7);

        Assert.True(renewal.SentAt <= arrived, "the renewal counts from after it arrived");
        Assert.Equal(TimeSpan.FromSeconds(30), renewal.Ttl);
    }

    [Fact]
    public async Task Rule9_RenewalSentTwice_CountsFromTheFirstSending()
    {
        long first = 0;
        await using var failing = await FakeEtcd.StartAsync(async call =>
        {
            await call.ReadAsync(Wire.LeaseKeepAliveRequest.Parser);
            first = TimeProvider.System.GetTimestamp();
            call.Reset(2);
        });
        await using var other = await FakeEtcd.StartAsync(call => call.AnswerAsync(new Wire.LeaseKeepAliveResponse { ID = 7, TTL = 30 }));
        using var client = Clients.For(failing.Endpoint, other.Endpoint);

        Assert.True((await client.KeepLeaseAliveAsync(7)).SentAt <= first);
    }

    [Fact]
    public async Task Rule9_TtlZero_IsLost()
    {
        await using var fake = await FakeEtcd.StartAsync(call => call.AnswerAsync(new Wire.LeaseKeepAliveResponse { ID = 7, TTL = 0 }));
        using var client = Clients.For(fake.Endpoint);

        await Assert.ThrowsAsync<EtcdLeaseNotFoundException>(() => client.KeepLeaseAliveAsync(7));
    }

    [Theory]
    [InlineData("no status")]
    [InlineData("no message")]
    [InlineData("two messages")]
    [InlineData("refused stream")]
    [InlineData("reset")]
    public async Task KeepAlive_AnswerThatIsNone_IsAskedForElsewhere(string how)
    {
        await using var failing = await FakeEtcd.StartAsync(async call =>
        {
            switch (how)
            {
                case "no status":
                    await call.SendAsync(new Wire.LeaseKeepAliveResponse { ID = 7, TTL = 99 });
                    break;
                case "no message":
                    await call.EndAsync(0);
                    break;
                case "two messages":
                    await call.SendAsync(new Wire.LeaseKeepAliveResponse { ID = 7, TTL = 99 });
                    await call.SendAsync(new Wire.LeaseKeepAliveResponse { ID = 7, TTL = 99 });
                    await call.EndAsync(0);
                    break;
                case "refused stream":
                    call.Reset(7);
                    break;
                default:
                    call.Reset(2);
                    break;
            }
        });
        await using var other = await FakeEtcd.StartAsync(call => call.AnswerAsync(new Wire.LeaseKeepAliveResponse { ID = 7, TTL = 30 }));
        using var client = Clients.For(failing.Endpoint, other.Endpoint);

        Assert.Equal(TimeSpan.FromSeconds(30), (await client.KeepLeaseAliveAsync(7)).Ttl);
        Assert.NotEmpty(failing.Calls);
    }
}
