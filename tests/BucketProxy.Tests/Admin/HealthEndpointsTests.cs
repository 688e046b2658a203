using System.Net;
using System.Net.Http.Json;
using BucketProxy.Admin.Contract;
using BucketProxy.Admin.Reading;

namespace BucketProxy.Tests.Admin;

public sealed class HealthEndpointsTests
{
    [Theory]
    [InlineData("/ping/")]
    [InlineData("/ping")]
    public async Task Ping_Ready_IsPong(string path)
    {
        await using var site = await AdminSite.StartAsync();
        Assert.Equal("pong", await site.Client.GetStringAsync(new Uri(path, UriKind.Relative)));
    }

    [Fact]
    public async Task Ready_StoreNotReadYet_SaysSoAndLiveIsFineAllTheSame()
    {
        await using var site = await AdminSite.StartAsync(empty: true);
        using var ready = await site.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        using var live = await site.Client.GetAsync(new Uri("/health/live", UriKind.Relative));
        using var ping = await site.Client.GetAsync(new Uri("/ping/", UriKind.Relative));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (ready.StatusCode, live.StatusCode, ping.StatusCode));
        var health = await ready.Content.ReadFromJsonAsync<HealthReport>();
        Assert.Equal(["no routing table yet: the store has not been read yet"], health!.Reasons);
    }

    [Fact]
    public async Task Ready_AnotherPartIsNot_NamesItsReason()
    {
        await using var site = await AdminSite.StartAsync();
        site.Stopping = "it is stopping";
        using var ready = await site.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(["it is stopping"], (await ready.Content.ReadFromJsonAsync<HealthReport>())!.Reasons);
    }

    [Fact]
    public async Task Ready_StoreRefuses_NamesTheCause()
    {
        await using var site = await AdminSite.StartAsync(empty: true);
        site.Change = status => status with { LastError = "etcd KV/Txn at http://etcd-01:2379: InvalidArgument: etcdserver: authentication failed, invalid user ID or password" };
        using var ready = await site.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.Equal(
            ["no routing table yet: the store has not been read: etcd KV/Txn at http://etcd-01:2379: InvalidArgument: etcdserver: authentication failed, invalid user ID or password"],
            (await ready.Content.ReadFromJsonAsync<HealthReport>())!.Reasons);
    }

    [Fact]
    public async Task Ready_BucketsWithoutOwner_SaysHowManyAndIsReadyAllTheSame()
    {
        await using var site = await AdminSite.StartAsync();
        var health = await site.GetAsync<HealthReport>("/health/ready");
        Assert.True(health!.Ready);
        Assert.Equal(["buckets: 16 of 256 have no owner; requests for their bases wait, and get 503 when one does not come in time"], health.Remarks);
    }

    [Fact]
    public async Task Ready_StoreIsSilent_IsReadyButSaysForHowLongAndSoundsAnAlarm()
    {
        await using var site = await AdminSite.StartAsync();
        site.Change = status => status with { Connected = false, Age = TimeSpan.FromSeconds(12), LastError = "no answer within 2 s" };

        var health = await site.GetAsync<HealthReport>("/health/ready");
        Assert.True(health!.Ready);
        Assert.StartsWith("store: stale for 12 s: no answer within 2 s. Requests go by the last table", health.Remarks[0], StringComparison.Ordinal);
        var alarm = Assert.Single((await site.GetAsync<StatusReport>("/api/status"))!.Alarms);
        Assert.Equal(("store-stale", "instance-1"), (alarm.Kind, alarm.Subject));

        // As long as a slow read may take.
        site.Change = status => status with { Age = HealthRemarks.StaleAfter };
        Assert.DoesNotContain((await site.GetAsync<HealthReport>("/health/ready"))!.Remarks, r => r.StartsWith("store:", StringComparison.Ordinal));
        Assert.Empty((await site.GetAsync<StatusReport>("/api/status"))!.Alarms);
    }
}
