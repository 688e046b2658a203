using System.Net;
using System.Net.Http.Json;
using BucketProxy.Admin.Contract;

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
        Assert.Equal(["no routing table yet: the store has not been read"], health!.Reasons);
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
}
