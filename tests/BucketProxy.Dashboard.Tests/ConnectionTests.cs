namespace BucketProxy.Dashboard.Tests;

[Collection(BrowserTests.Name)]
public sealed class ConnectionTests(Chromium chromium)
{
    [Fact]
    public async Task Connection_LostAndRegained_StaleLooksStaleAndThenEverythingIsCurrent()
    {
        await using var cluster = await RunningCluster.StartAsync(2);
        await using var page = await DashboardPage.OpenAsync(chromium, cluster);
        page.MayFailToConnect = true;
        await page.IsLiveAsync();
        var instance = await page["#instance"].TextContentAsync();
        await Expect(page["#lost"]).ToBeHiddenAsync();

        await cluster.StopInstanceAsync();
        await Expect(page["#connection-text"]).ToContainTextAsync("lost since");
        await Expect(page["#lost-text"]).ToContainTextAsync("What is shown is as of then, and orders are off");
        await Expect(page["#rebalance"]).ToBeDisabledAsync();
        await Expect(page["#nodes button"].First).ToBeDisabledAsync();
        Assert.Contains("grayscale", await page.Page.EvaluateAsync<string>("() => getComputedStyle(document.querySelector('main')).filter"), StringComparison.Ordinal);
        // It says when it tries again, and waits longer each time.
        await Expect(page["#lost-text"]).ToContainTextAsync("next try in");

        await cluster.StartInstanceAsync();
        await page["#lost-retry"].ClickAsync();
        await page.IsLiveAsync();
        await Expect(page["#lost"]).ToBeHiddenAsync();
        await Expect(page["#rebalance"]).ToBeEnabledAsync();
        await Expect(page["#instance"]).Not.ToHaveTextAsync(instance!);
        // The history is another run's now, read back from the audit records; what comes next is added to it.
        await page.Button("dtable-server-02", "Cordon").ClickAsync();
        await page["#confirm-do"].ClickAsync();
        await Expect(page["#events li"].First).ToContainTextAsync("dtable-server-02 gets no further buckets.");
    }

    [Fact]
    public async Task Connection_Refused_SaysWhyAndTriesAgain()
    {
        await using var cluster = await RunningCluster.StartAsync(1);
        await using var page = await DashboardPage.OpenAsync(chromium, "about:blank");
        var full = true;
        await page.Page.RouteAsync("**/api/events", route => full
            ? route.FulfillAsync(new RouteFulfillOptions { Status = 503, ContentType = "application/problem+json", Body = """{"title":"Too many listeners","detail":"64 dashboards listen to this instance already."}""" })
            : route.ContinueAsync());
        await page.Page.GotoAsync(cluster.Url);
        await Expect(page["#lost-text"]).ToContainTextAsync("64 dashboards listen");
        await Expect(page["#lost-text"]).ToContainTextAsync("Nothing has been seen yet");
        full = false;
        await page.IsLiveAsync();
    }

    [Fact]
    public async Task Connection_FallsSilent_IsGivenUp()
    {
        await using var cluster = await RunningCluster.StartAsync(1);
        await using var page = await DashboardPage.OpenAsync(chromium, "about:blank");
        // The page's clock is the test's: 15 s without a word pass at once.
        await page.Page.Clock.InstallAsync();
        await page.Page.AddInitScriptAsync("""
            const real = window.fetch;
            window.fetch = (url, options) => url !== 'api/events' || window.deaf === undefined
              ? real(url, options).then(answer => { if (url === 'api/events') window.deaf = true; return answer; })
              : new Promise((_, reject) => options.signal.addEventListener('abort', () => reject(options.signal.reason)));
            """);
        await page.Page.GotoAsync(cluster.Url);
        await page.IsLiveAsync();
        await cluster.StopInstanceAsync();
        // Every further attempt hangs without a word: each is given up, and the next begins.
        await Expect(page["#connection-text"]).ToContainTextAsync("lost since");
        await page.Page.Clock.RunForAsync(1000);
        await page.Page.Clock.RunForAsync(16_000);
        await Expect(page["#lost-text"]).ToContainTextAsync("no word for 15 s");
        page.MayFailToConnect = true;
        await cluster.StartInstanceAsync();
    }
}
