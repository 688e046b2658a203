using BucketProxy.Admin.Contract;
using BucketProxy.Core.Bases;
using BucketProxy.Tests.Admin;

namespace BucketProxy.Dashboard.Tests;

[Collection(BrowserTests.Name)]
public sealed class GridTests(Chromium chromium)
{
    [Fact]
    public async Task Grid_ByKeyboard_IsOneStopAndWalkedWithArrows()
    {
        await using var site = await AdminSite.StartAsync();
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await page.IsLiveAsync();
        await page.Cell(0).FocusAsync();
        foreach (var (key, expected) in new[]
        {
            ("ArrowRight", 0x01), ("ArrowDown", 0x11), ("ArrowDown", 0x21), ("End", 0x2f), ("ArrowRight", 0x2f), ("ArrowLeft", 0x2e), ("Home", 0x20),
            ("ArrowLeft", 0x20), ("Control+End", 0xff), ("ArrowDown", 0xff), ("PageUp", 0x0f), ("PageDown", 0xff), ("ArrowUp", 0xef), ("Control+Home", 0x00), ("ArrowUp", 0x00),
        })
        {
            await page.Page.Keyboard.PressAsync(key);
            await Expect(page.Cell(expected)).ToBeFocusedAsync();
            Assert.Equal(1, await page["#grid [tabindex='0']"].CountAsync());
        }
        // Out of the grid with one step, and back in where one was.
        await page.Cell(0x80).FocusAsync();
        await page.Page.Keyboard.PressAsync("Tab");
        await Expect(page["#legend button"].First).ToBeFocusedAsync();
        await page.Page.Keyboard.PressAsync("Shift+Tab");
        await Expect(page.Cell(0x80)).ToBeFocusedAsync();
        await Expect(page["#detail"]).ToContainTextAsync("80");
        await Expect(page["#detail"]).ToContainTextAsync("dtable-server-02");
    }

    [Fact]
    public async Task Cell_EachState_IsToldInWordsAndByMoreThanColour()
    {
        await using var site = await AdminSite.StartAsync();
        site.Desk.CurrentStandings["dtable-server-02"] = "suspect";
        await site.PutAsync(
            (AdminSite.Keys.Move(new Bucket(0x0f)), """{"from":"dtable-server-01","to":"dtable-server-02","phase":"quiesce","reason":"balance","epoch":1}"""),
            (AdminSite.Keys.Load("p1"), """{"buckets":{"0f":{"rate":2.5,"bytes":1,"sockets":1}}}"""));
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await Expect(page.Cell(0x0f)).ToHaveAttributeAsync("data-s", "moving");
        Assert.Matches("^Bucket 0f, owner dtable-server-01, moving to dtable-server-02, epoch \\d+, 2.5 requests per second, 1 socket$", await page.Cell(0x0f).GetAttributeAsync("aria-label"));
        await Expect(page.Cell(0x00)).ToHaveTextAsync("A");
        await Expect(page.Cell(0x80)).ToHaveTextAsync("B");
        await Expect(page.Cell(0x80)).ToHaveAttributeAsync("data-ill", "");
        await Expect(page.Cell(0xf0)).ToHaveTextAsync("–");
        await Expect(page.Cell(0xf0)).ToHaveAttributeAsync("aria-label", "Bucket f0, no owner, 0 requests per second, 0 sockets");
        await Expect(page["#standing"]).ToContainTextAsync("quiesce");

        Assert.Equal("moving", await AnimationAsync());
        await page.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ReducedMotion = ReducedMotion.Reduce });
        Assert.Equal("none", await AnimationAsync());

        Task<string> AnimationAsync() => page.Page.EvaluateAsync<string>("() => getComputedStyle(document.querySelector(\".cell[data-index='15']\")).animationName");
    }

    [Fact]
    public async Task Slider_OverTheLastHour_ReplaysTheOwnersAndGoesBackToLive()
    {
        await using var site = await AdminSite.StartAsync();
        var now = TimeProvider.System.GetUtcNow();
        site.Desk.MovesBefore.AddRange(
        [
            new MoveReport { Bucket = "00", From = "dtable-server-02", To = "dtable-server-03", Phase = "done", At = now - TimeSpan.FromMinutes(40) },
            new MoveReport { Bucket = "00", From = "dtable-server-03", To = "dtable-server-01", Phase = "done", At = now - TimeSpan.FromMinutes(20) },
            new MoveReport { Bucket = "01", From = "dtable-server-02", To = "dtable-server-01", Phase = "done", At = now - TimeSpan.FromMinutes(20) },
        ]);
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await Expect(page["#slider output"]).ToContainTextAsync("3 changes since");
        Assert.Equal(("dtable-server-01", "dtable-server-01"), await FirstAsync());
        var back = page["#slider button"].Nth(0);
        await back.ClickAsync();
        await Expect(page["#slider output"]).ToContainTextAsync("40 min ago");
        Assert.Equal(("dtable-server-03", "dtable-server-02"), await FirstAsync());
        await back.ClickAsync();
        Assert.Equal(("dtable-server-02", "dtable-server-02"), await FirstAsync());
        await Expect(page["#buckets"]).ToHaveClassAsync("card buckets replaying");
        await page["#slider button"].Nth(1).ClickAsync();
        Assert.Equal(("dtable-server-03", "dtable-server-02"), await FirstAsync());

        // By keyboard: End is now.
        await page["#slider input"].FocusAsync();
        await page.Page.Keyboard.PressAsync("End");
        await Expect(page["#buckets"]).ToHaveClassAsync("card buckets");
        Assert.Equal(("dtable-server-01", "dtable-server-01"), await FirstAsync());
        await page.Page.Keyboard.PressAsync("Home");
        Assert.Equal(("dtable-server-02", "dtable-server-02"), await FirstAsync());
        await page["#slider button"].Nth(2).ClickAsync();
        Assert.Equal(("dtable-server-01", "dtable-server-01"), await FirstAsync());

        async Task<(string, string)> FirstAsync()
        {
            // What was asked for is drawn in the next frame.
            await page.Page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
            var owners = await page.OwnersAsync();
            return (owners[0], owners[1]);
        }
    }

    [Fact]
    public async Task Nodes_MoreThanColours_AreToldApartByGroundAndLetter()
    {
        await using var site = await AdminSite.StartAsync();
        await site.PutAsync([.. Enumerable.Range(3, 15).Select(n => (AdminSite.Keys.Node($"dtable-server-{n:00}"), """{"local_node_url":"http://10.0.0.1:5000/"}"""))]);
        await site.PutAsync([.. Bucket.All.Take(64).Select(b => (AdminSite.Keys.Assignment(b), $"dtable-server-{b.Index % 17 + 1:00}"))]);
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await Expect(page["#nodes tr"]).ToHaveCountAsync(17);
        var looks = await page.Page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('.cell')].slice(0, 17).map(c => [c.dataset.c, c.dataset.p ?? '', c.textContent].join())");
        Assert.Equal(17, looks!.Distinct().Count());
        Assert.Equal(17, looks!.Select(l => l[..l.LastIndexOf(',')]).Distinct().Count());
    }

    [Fact]
    public async Task TextThatLooksLikeMarkup_IsShownAsText()
    {
        await using var site = await AdminSite.StartAsync();
        const string markup = "<img src=x onerror=\"window.hit=1\"><script>window.hit=1</script>";
        site.Desk.CurrentAlarms = [new AlarmReport(markup, markup, markup, markup)];
        site.Desk.CurrentStandings[markup] = markup;
        site.Desk.CurrentStandings["dtable-server-01"] = markup;
        await site.PutAsync(
            (AdminSite.Keys.ClusterPolicy, $$"""{"frozen":true,"frozenReason":{{System.Text.Json.JsonSerializer.Serialize(markup)}}}"""),
            (AdminSite.Keys.Load("p1"), $$"""{"hottest":[{"base":{{System.Text.Json.JsonSerializer.Serialize(markup)}},"rate":12}]}"""),
            (AdminSite.Keys.Proxy("p1"), $$$"""{"address":{{{System.Text.Json.JsonSerializer.Serialize(markup)}}},"busy":{"0f":{{{System.Text.Json.JsonSerializer.Serialize(markup)}}}}}"""),
            (AdminSite.Keys.Alive("p1"), ""));
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        foreach (var place in new[] { "#alarms", "#frozen-text", "#hottest", "#proxies", "#nodes" })
            await Expect(page[place]).ToContainTextAsync("<img src=x");
        Assert.Equal(0, await page["main img, main script, .banner img"].CountAsync());
        Assert.False(await page.Page.EvaluateAsync<bool>("() => 'hit' in window"));
        // And would not be read as HTML even if a script of the page tried.
        Assert.Contains("TrustedHTML", await page.Page.EvaluateAsync<string>("() => { try { document.body.innerHTML = '<p>'; return ''; } catch (error) { return String(error); } }"), StringComparison.Ordinal);
        Assert.True(page.Forgive("TrustedHTML") > 0);
    }
}
