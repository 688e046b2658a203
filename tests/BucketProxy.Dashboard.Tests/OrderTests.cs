using BucketProxy.Admin;
using BucketProxy.Admin.Contract;
using BucketProxy.Configuration;
using BucketProxy.Tests.Admin;

namespace BucketProxy.Dashboard.Tests;

[Collection(BrowserTests.Name)]
public sealed class OrderTests(Chromium chromium)
{
    private const string Token = "a-token-of-some-length";

    private static string[] Orders(AdminSite site)
    {
        lock (site.Desk.Orders)
            return [.. site.Desk.Orders];
    }

    [Fact]
    public async Task Drain_Confirmed_SaysWhatWillHappenAndHappens()
    {
        await using var cluster = await RunningCluster.StartAsync(3);
        await using var page = await DashboardPage.OpenAsync(chromium, cluster);
        await page.IsLiveAsync();
        await page.Button("dtable-server-02", "Drain").ClickAsync();
        await Expect(page["#confirm-title"]).ToHaveTextAsync("Drain dtable-server-02?");
        await Expect(page["#confirm-body"]).ToContainTextAsync("85 buckets go to the other nodes");
        await Expect(page["#confirm-body"]).ToContainTextAsync("Release: proven");
        await page["#confirm-do"].ClickAsync();
        await Expect(page["#toast"]).ToContainTextAsync("dtable-server-02 gives all its buckets away");
        await page.UntilAsync("() => document.querySelectorAll(\".cell[data-owner='dtable-server-02']\").length === 0");
        await Expect(page.Node("dtable-server-02")).ToContainTextAsync("draining");
        await Expect(page.Button("dtable-server-02", "Uncordon")).ToBeVisibleAsync();
        await Expect(page["#events"]).ToContainTextAsync("(drain)");
    }

    [Theory]
    [InlineData("Escape")]
    [InlineData("Cancel")]
    public async Task Drain_NotConfirmed_OrdersNothing(string how)
    {
        await using var site = await AdminSite.StartAsync();
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await page.Button("dtable-server-01", "Drain").ClickAsync();
        if (how == "Escape")
            await page.Page.Keyboard.PressAsync("Escape");
        else
            await page["#confirm-cancel"].ClickAsync();
        await Expect(page["#confirm"]).ToBeHiddenAsync();
        // Where one came from.
        await Expect(page.Button("dtable-server-01", "Drain")).ToBeFocusedAsync();
        Assert.Empty(Orders(site));
    }

    [Fact]
    public async Task Orders_OfEachKind_AreSentAsTheyAreMeant()
    {
        await using var site = await AdminSite.StartAsync();
        await site.PutAsync((AdminSite.Keys.Pins + "ff84e1a166e2", "dtable-server-02"));
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await page.IsLiveAsync();
        await GiveAsync(page.Button("dtable-server-01", "Cordon"));
        await GiveAsync(page.Button("dtable-server-01", "Drain"), () => page["#force"].CheckAsync());
        await GiveAsync(page.Button("dtable-server-02", "Weight"), () => page["#weight"].FillAsync("2.5"));
        await GiveAsync(page["#freeze"], () => page["#reason"].FillAsync("maintenance"));
        await GiveAsync(page["#pins button"]);
        await page["#uuid"].FillAsync("9f84e1a1-66e2-4000-8000-000000000001");
        await page.Page.Keyboard.PressAsync("Enter");
        await GiveAsync(page["#found"].GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Pin" }), () => page["#pin-node"].SelectOptionAsync("dtable-server-01"));
        Assert.Equal(
            [
                "cordon dtable-server-01", "drain dtable-server-01 force=True", "weight dtable-server-02 2.5", "freeze maintenance", "unpin ff84e1a166e2",
                "pin 9f84e1a1-66e2-4000-8000-000000000001 dtable-server-01",
            ], Orders(site));

        async Task GiveAsync(ILocator button, Func<Task>? fill = null)
        {
            var before = Orders(site).Length;
            await button.ClickAsync();
            if (fill is not null)
                await fill();
            await page.ConfirmAsync();
            Assert.Equal(before + 1, Orders(site).Length);
        }
    }

    [Fact]
    public async Task Alarms_WithAWayOut_OfferIt()
    {
        await using var site = await AdminSite.StartAsync();
        site.Desk.CurrentAlarms = [new AlarmReport("blocking-proxy", "p1", "p1 is lost.", "Forget it."), new AlarmReport("unreadable-key", "assign-00", "No node id.", "Correct it.")];
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await Expect(page["#alarms li"]).ToHaveCountAsync(2);
        await Expect(page["#health"]).ToHaveTextAsync("2 alarms");
        await page["#alarms button"].ClickAsync();
        await page.ConfirmAsync();
        Assert.Equal(["forget p1"], Orders(site));
        site.Desk.CurrentAlarms = [];
        await Expect(page["#alarms"]).ToHaveTextAsync("Nothing is wrong.");
    }

    [Fact]
    public async Task Order_Refused_SaysWhyAndStays()
    {
        await using var site = await AdminSite.StartAsync();
        site.Desk.Refusal = new OrderRefusedException(RefusalKind.Conflict, "Because of this. Do that.");
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await page.Button("dtable-server-01", "Drain").ClickAsync();
        await page["#confirm-do"].ClickAsync();
        await Expect(page["#confirm-error"]).ToHaveTextAsync("Not now: Because of this. Do that.");
        await Expect(page["#confirm-do"]).ToBeEnabledAsync();
        site.Desk.Refusal = null;
        await page.ConfirmAsync();
        Assert.Equal(["drain dtable-server-01 force=False"], Orders(site));
    }

    [Fact]
    public async Task Token_Wanted_IsAskedForSentInAHeaderAndKeptInThisTabOnly()
    {
        await using var site = await AdminSite.StartAsync(new AdminSettings { Token = Token });
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        var urls = new List<string>();
        page.Page.Request += (_, request) => urls.Add(request.Url);
        await page.Button("dtable-server-01", "Cordon").ClickAsync();
        await page["#confirm-do"].ClickAsync();
        await Expect(page["#token-why"]).ToHaveTextAsync("This order needs the admin token.");
        await page["#token-input"].FillAsync("not-the-right-token");
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page["#token-why"]).ToHaveTextAsync("The token was not accepted.");
        Assert.Empty(Orders(site));
        await page["#token-input"].FillAsync(Token);
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page["#confirm"]).ToBeHiddenAsync();
        Assert.Equal(["cordon dtable-server-01"], Orders(site));
        Assert.All(urls, url => Assert.DoesNotContain(Token, url, StringComparison.Ordinal));

        // It is not asked for again in this tab, and unknown in another.
        await page.Page.ReloadAsync();
        await Expect(page["#token-button"]).ToHaveTextAsync("Token: set");
        Assert.False(await page.Page.EvaluateAsync<bool>("token => JSON.stringify({ ...localStorage }).includes(token) || document.cookie.includes(token)", Token));
        await page.Button("dtable-server-01", "Cordon").ClickAsync();
        await page.ConfirmAsync();
        await page["#token-button"].ClickAsync();
        await page["#token-forget"].ClickAsync();
        await Expect(page["#token-button"]).ToHaveTextAsync("Token");
    }

    [Fact]
    public async Task Freeze_AndUnfreeze_AreShownOnTop()
    {
        await using var cluster = await RunningCluster.StartAsync(2);
        await using var page = await DashboardPage.OpenAsync(chromium, cluster);
        await page.IsLiveAsync();
        await page["#freeze"].ClickAsync();
        await page["#reason"].FillAsync("a disk is changed");
        await page["#confirm-do"].ClickAsync();
        await Expect(page["#frozen-text"]).ToHaveTextAsync("No bucket changes its owner: a disk is changed.");
        await page["#rebalance"].ClickAsync();
        await page["#unfreeze"].ClickAsync();
        await page["#confirm-do"].ClickAsync();
        await Expect(page["#frozen"]).ToBeHiddenAsync();
        await Expect(page["#events"]).ToContainTextAsync("No longer frozen.");
    }
}
