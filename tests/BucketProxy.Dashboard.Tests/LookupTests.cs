using BucketProxy.Tests.Admin;

namespace BucketProxy.Dashboard.Tests;

[Collection(BrowserTests.Name)]
public sealed class LookupTests(Chromium chromium)
{
    private const string Base = "9f84e1a1-66e2-4000-8000-000000000001";

    [Fact]
    public async Task Lookup_AnyWayOfWritingIt_SaysWhereTheBaseIsAndMarksItsBucket()
    {
        await using var site = await AdminSite.StartAsync();
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await page.IsLiveAsync();
        await page["#uuid"].FillAsync($"  {Base.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant()} ");
        await page["#lookup button"].ClickAsync();
        await Expect(page["#found"]).ToContainTextAsync("dtable-server-02");
        await Expect(page["#found"]).ToContainTextAsync("bucket 9f, open");
        await Expect(page.Cell(0x9f)).ToHaveClassAsync("cell looked-up");
        // It stays true.
        await site.PutAsync((AdminSite.Keys.Assignment(new BucketProxy.Core.Bases.Bucket(0x9f)), "dtable-server-01"));
        await Expect(page["#found"]).ToContainTextAsync("dtable-server-01");
    }

    [Fact]
    public async Task Lookup_NoUuid_SaysWhatOneIs()
    {
        await using var site = await AdminSite.StartAsync();
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await page["#uuid"].FillAsync("<b>ff<b>");
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page["#found"]).ToContainTextAsync("'<b>ff<b>' is no UUID; allowed: 32 hex digits");
    }

    [Fact]
    public async Task Hottest_ABaseIsClicked_IsLookedUp()
    {
        await using var site = await AdminSite.StartAsync();
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await site.PutAsync((AdminSite.Keys.Load("p1"), $$$"""{"buckets":{"9f":{"rate":100,"bytes":1,"sockets":3},"01":{"rate":1,"bytes":1,"sockets":0}},"hottest":[{"base":"{{{Base}}}","rate":12}]}"""));
        await page["#hottest button"].ClickAsync();
        await Expect(page["#found"]).ToContainTextAsync("bucket 9f");
        await page["input[name='mode'][value='rates']"].CheckAsync();
        await Expect(page.Cell(0x9f)).ToHaveAttributeAsync("data-h", "7");
        await Expect(page.Cell(0x01)).ToHaveAttributeAsync("data-h", "1");
        await Expect(page.Cell(0x02)).ToHaveAttributeAsync("data-h", "0");
        await Expect(page["#legend"]).ToContainTextAsync("100 requests/s in the busiest bucket");
    }
}
