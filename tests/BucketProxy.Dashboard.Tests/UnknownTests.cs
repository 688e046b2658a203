using System.Text.RegularExpressions;
using BucketProxy.Tests.Admin;

namespace BucketProxy.Dashboard.Tests;

/// <summary>What the page shows while the instance behind it knows nothing, or hears nothing, of the cluster.</summary>
[Collection(BrowserTests.Name)]
public sealed class UnknownTests(Chromium chromium)
{
    [Fact]
    public async Task Cluster_NotReadYet_IsUnknownAndTakesNoOrderToFreeze()
    {
        await using var site = await AdminSite.StartAsync(empty: true);
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await page.IsLiveAsync();
        await Expect(page["#facts"]).ToContainTextAsync("unknown");
        var facts = await page["#facts"].InnerTextAsync();
        Assert.Equal(3, facts.Split("unknown").Length - 1);
        await Expect(page["#proxies"]).ToContainTextAsync("Unknown: this instance has not read the cluster’s state yet.");
        await Expect(page["#frozen"]).ToBeHiddenAsync();
        await Expect(page["#freeze"]).ToBeDisabledAsync();
    }

    [Fact]
    public async Task Store_IsSilent_IsAnAlarmWithWhatToDo()
    {
        await using var site = await AdminSite.StartAsync();
        site.Change = status => status with { Connected = false, Age = TimeSpan.FromSeconds(12), LastError = "no answer within 2 s" };
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await page.IsLiveAsync();
        await Expect(page["#alarms"]).ToContainTextAsync("The store does not answer instance-1: no answer within 2 s.");
        await Expect(page["#facts"]).ToContainTextAsync("for 12 s");
        await Expect(page["#health"]).ToHaveTextAsync("1 alarm");
    }

    [Fact]
    public async Task Remark_WithoutAnAlarm_StandsBesideReady()
    {
        await using var site = await AdminSite.StartAsync();
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await page.IsLiveAsync();
        await Expect(page["#health"]).ToHaveTextAsync("ready, with remarks");
        await Expect(page["#health"]).ToHaveAttributeAsync("title", new Regex("16 of 256 have no owner"));
    }
}
