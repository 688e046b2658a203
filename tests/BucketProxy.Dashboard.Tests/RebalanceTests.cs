namespace BucketProxy.Dashboard.Tests;

[Collection(BrowserTests.Name)]
public sealed class RebalanceTests(Chromium chromium)
{
    private const string Planned = ".cell[data-s='planned']";

    [Fact]
    public async Task Rebalance_ByClick_ShowsTheMovesOnTheGridAndMakesExactlyThose()
    {
        await using var cluster = await RunningCluster.StartAsync(3);
        await using var page = await DashboardPage.OpenAsync(chromium, cluster);
        await page.IsLiveAsync();
        await SetWeightAsync(page, "dtable-server-01", "2");
        var before = await page.OwnersAsync();

        await page["#rebalance"].ClickAsync();
        await Expect(page["#preview"]).ToContainTextAsync("Nothing has been ordered yet");
        await page.UntilAsync("() => document.querySelector(\".cell[data-s='planned']\")");
        var moves = await page[Planned].CountAsync();
        Assert.InRange(moves, 40, 45);
        Assert.Equal(before, await page.OwnersAsync());
        var planned = (await page.Page.EvaluateAsync<string[]>($"() => [...document.querySelectorAll(\"{Planned}\")].map(cell => cell.dataset.index)"))!.Select(int.Parse).ToHashSet();
        Assert.All(planned, i => Assert.NotEqual("dtable-server-01", before[i]));
        Assert.Matches("owner dtable-server-0[23], planned to dtable-server-01", await page.Cell(planned.First()).GetAttributeAsync("aria-label"));

        await page["#preview-apply"].ClickAsync();
        await Expect(page["#toast"]).ToHaveTextAsync($"Ordered: {moves} moves.");
        await Expect(page["#preview"]).ToBeHiddenAsync();
        await page.UntilAsync("count => document.querySelectorAll(\".cell[data-owner='dtable-server-01']\").length === count", before.Count(o => o == "dtable-server-01") + moves);
        var after = await page.OwnersAsync();
        Assert.Equal(planned.Order(), Enumerable.Range(0, 256).Where(i => before[i] != after[i]));
        await Expect(page["#past li"].First).ToContainTextAsync("held ≤");
    }

    [Fact]
    public async Task Rebalance_TheClusterChangesAfterThePreview_MakesNothingAndShowsAFreshPreview()
    {
        await using var cluster = await RunningCluster.StartAsync(3);
        await using var page = await DashboardPage.OpenAsync(chromium, cluster);
        await page.IsLiveAsync();
        await SetWeightAsync(page, "dtable-server-01", "2");
        await page["#rebalance"].ClickAsync();
        await Expect(page["#preview-apply"]).ToBeVisibleAsync();
        await page.UntilAsync("() => document.querySelector(\".cell[data-s='planned']\")");
        var first = await page[Planned].CountAsync();
        Assert.True(first > 0);
        var before = await page.OwnersAsync();

        // Somebody else, meanwhile.
        await page.Page.EvaluateAsync("() => fetch('api/nodes/dtable-server-01/weight', { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{\"weight\":4}' })");
        await Expect(page.Node("dtable-server-01").Locator("[data-label=weight]")).ToHaveTextAsync("4");
        await page["#preview-apply"].ClickAsync();
        await Expect(page["#preview [role=alert]"]).ToContainTextAsync("has changed since the preview");
        await page.UntilAsync("first => document.querySelectorAll(\".cell[data-s='planned']\").length > first", first);
        Assert.Equal(before, await page.OwnersAsync());
    }

    [Fact]
    public async Task Rebalance_NothingToMove_SaysSoAndEscapeCloses()
    {
        await using var cluster = await RunningCluster.StartAsync(2);
        await using var page = await DashboardPage.OpenAsync(chromium, cluster);
        await page.IsLiveAsync();
        await page["#rebalance"].ClickAsync();
        await Expect(page["#preview"]).ToContainTextAsync("as even as they can be");
        Assert.Equal(0, await page["#preview-apply"].CountAsync());
        await page.Page.Keyboard.PressAsync("Escape");
        await Expect(page["#preview"]).ToBeHiddenAsync();
        await Expect(page["#rebalance"]).ToBeFocusedAsync();
    }

    private static async Task SetWeightAsync(DashboardPage page, string node, string weight)
    {
        await page.Button(node, "Weight").ClickAsync();
        await page["#confirm input"].FillAsync(weight);
        await page.ConfirmAsync();
        await Expect(page.Node(node).Locator("[data-label=weight]")).ToHaveTextAsync(weight);
    }
}
