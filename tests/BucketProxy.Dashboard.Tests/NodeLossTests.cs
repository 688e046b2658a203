namespace BucketProxy.Dashboard.Tests;

[Collection(BrowserTests.Name)]
public sealed class NodeLossTests(Chromium chromium)
{
    [Fact]
    public async Task Node_DiesBeforeOnesEyes_ItsCellsAreMarkedAndGoToTheOthers()
    {
        await using var cluster = await RunningCluster.StartAsync(3);
        await using var page = await DashboardPage.OpenAsync(chromium, cluster);
        await page.IsLiveAsync();
        const string lost = "dtable-server-03";
        var before = await page.OwnersAsync();
        var its = Enumerable.Range(0, 256).Where(i => before[i] == lost).ToArray();
        Assert.NotEmpty(its);
        await cluster.KillAsync(2);
        await Expect(page.Node(lost).Locator(".standing")).ToContainTextAsync("silent");
        await Expect(page["#alarms"]).ToContainTextAsync($"Silent node: {lost}");
        Assert.Equal(its.Length, await page[".cell[data-ill]"].CountAsync());
        await Expect(page["#facts"]).ToContainTextAsync("2 of 3");
        await page.UntilAsync("() => document.querySelectorAll(\".cell[data-owner='dtable-server-03']\").length === 0");
        var after = await page.OwnersAsync();
        Assert.All(Enumerable.Range(0, 256), i => Assert.Equal(before[i] == lost, before[i] != after[i]));
        Assert.DoesNotContain("", after);
        await Expect(page.Node(lost).Locator(".standing")).ToContainTextAsync("dead");
        await Expect(page["#events"]).ToContainTextAsync($"buckets: {lost} → dtable-server-0");
        await Expect(page["#alarms"]).ToHaveTextAsync("Nothing is wrong.");
    }
}
