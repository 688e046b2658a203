using BucketProxy.Core.Bases;
using BucketProxy.Tests.Admin;

namespace BucketProxy.Dashboard.Tests;

[Collection(BrowserTests.Name)]
public sealed class EventsTests(Chromium chromium)
{
    private const int ElementsAtMost = 4000;
    private const long GrowthAtMost = 2_000_000;

    [Fact]
    public async Task Events_TenThousand_LeaveThePageAsBigAsItWas()
    {
        await using var site = await AdminSite.StartAsync();
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await page.IsLiveAsync();
        var devtools = await page.Page.Context.NewCDPSessionAsync(page.Page);

        var seen = await ChangeAsync(site, page, rounds: 8, seen: 0);
        Assert.True(seen >= 1920);
        var (elements, heap) = await MeasureAsync(page, devtools);
        Assert.InRange(elements, 300, ElementsAtMost);

        seen = await ChangeAsync(site, page, rounds: 36, seen);
        Assert.True(seen >= 10_000);
        var (after, heapAfter) = await MeasureAsync(page, devtools);
        Assert.InRange(after, 300, ElementsAtMost);
        // Another 8,640 entries of 300 bytes and more, and their lines, would be more than this.
        Assert.True(heapAfter - heap < GrowthAtMost, $"The page's heap grew from {heap} to {heapAfter} bytes.");
        Assert.Equal(4096, await page.Page.EvaluateAsync<int>("async () => (await (await fetch('api/history')).json()).entries.length"));
    }

    // Every round gives each of 240 buckets another owner, and waits until the page has been told.
    private static async Task<int> ChangeAsync(AdminSite site, DashboardPage page, int rounds, int seen)
    {
        for (var round = 0; round < rounds; round++)
        {
            var odd = (seen / 240 + 1) % 2 == 1;
            foreach (var some in Bucket.All.Where(b => b.Index < 0xf0).Chunk(120))
                await site.PutAsync([.. some.Select(b => (AdminSite.Keys.Assignment(b), b.Index < 0x80 == odd ? "dtable-server-02" : "dtable-server-01"))]);
            seen += 240;
            await page.UntilAsync("seen => Number(document.querySelector('#event-count').dataset.seen) >= seen", seen);
        }
        return seen;
    }

    private static async Task<(int Elements, long Heap)> MeasureAsync(DashboardPage page, ICDPSession devtools)
    {
        await devtools.SendAsync("HeapProfiler.collectGarbage");
        var usage = await devtools.SendAsync("Runtime.getHeapUsage");
        return (await page.Page.EvaluateAsync<int>("() => document.querySelectorAll('*').length"), usage!.Value.GetProperty("usedSize").GetInt64());
    }
}
