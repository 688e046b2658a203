using System.Text.Json;
using BucketProxy.Admin.Contract;
using BucketProxy.Core.Bases;
using BucketProxy.Tests;
using BucketProxy.Tests.Admin;

namespace BucketProxy.Dashboard.Tests;

[Collection(BrowserTests.Name)]
public sealed class AccessibilityTests(Chromium chromium)
{
    // The only window in which foreign script may run: axe-core's own. Everywhere else the page's CSP stands.
    private static BrowserNewContextOptions Window(ColorScheme scheme, int width) => new()
    {
        BypassCSP = true,
        ColorScheme = scheme,
        ViewportSize = new ViewportSize { Width = width, Height = 900 },
    };

    [Theory]
    [InlineData(ColorScheme.Light, 1440, "")]
    [InlineData(ColorScheme.Dark, 1440, "")]
    [InlineData(ColorScheme.Light, 360, "")]
    [InlineData(ColorScheme.Light, 1440, "rates")]
    [InlineData(ColorScheme.Dark, 1440, "rates")]
    [InlineData(ColorScheme.Light, 1440, "dialog")]
    [InlineData(ColorScheme.Dark, 1440, "dialog")]
    public async Task Page_EveryStateAndTheme_PassesAxe(ColorScheme scheme, int width, string state)
    {
        await using var site = await BusySiteAsync();
        await using var page = await DashboardPage.OpenAsync(chromium, site, Window(scheme, width));
        await page.IsLiveAsync();
        await Expect(page["#alarms li"]).ToHaveCountAsync(2);
        await Expect(page["#hottest button"]).ToHaveCountAsync(1);
        if (state == "rates")
            await page["input[name='mode'][value='rates']"].CheckAsync();
        if (state == "dialog")
            await page.Button("dtable-server-01", "Drain").ClickAsync();

        var axe = Repository.File("tests", "clients", "node_modules", "axe-core", "axe.min.js");
        Assert.True(File.Exists(axe), $"There is no {axe}: npm ci in tests/clients.");
        await page.Page.AddScriptTagAsync(new PageAddScriptTagOptions { Path = axe });
        var found = await page.Page.EvaluateAsync<JsonElement>("""
            async () => {
              const result = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
              return { passes: result.passes.length, violations: result.violations
                // 16 cells in 360 px are smaller than 24 px each. What a tap shows is there by arrow keys and by looking a base up, too.
                .map(v => ({ ...v, nodes: v.nodes.filter(n => v.id !== 'target-size' || !n.html.includes('class="cell')) })).filter(v => v.nodes.length > 0)
                .map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map(n => n.html).join(' | ')}`) };
            }
            """);
        var violations = found.GetProperty("violations").EnumerateArray().Select(v => v.GetString()).ToArray();
        Assert.True(violations.Length == 0, string.Join('\n', violations));
        Assert.True(found.GetProperty("passes").GetInt32() > 20);
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Cells_TextOnEveryColour_CanBeRead(ColorScheme scheme)
    {
        await using var site = await AdminSite.StartAsync();
        await using var page = await DashboardPage.OpenAsync(chromium, site, Window(scheme, 1000));
        await page.IsLiveAsync();
        var low = await page.Page.EvaluateAsync<string[]>("""
            () => {
              const style = getComputedStyle(document.documentElement);
              const luminance = name => {
                const hex = style.getPropertyValue(name).trim();
                const [r, g, b] = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
              };
              const ratio = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((m, n) => n - m); return (x + 0.05) / (y + 0.05); };
              const pairs = [
                ...[0, 1, 2, 3, 4, 5, 6, 7].map(i => ['--on-cell', `--n${i}`]),
                ...[0, 1, 2, 3, 4].map(i => ['--on-h-low', `--h${i}`]), ...[5, 6, 7].map(i => ['--on-h-high', `--h${i}`]),
                ...['--text', '--muted', '--good', '--warning', '--bad', '--link'].flatMap(text => [[text, '--card'], [text, '--ground']]),
                ['--main-text', '--main'], ['--text', '--bad-ground'], ['--bad', '--bad-ground'], ['--warning', '--warning-ground'], ['--text', '--button'],
              ];
              return pairs.filter(([a, b]) => !(ratio(a, b) >= 4.5)).map(([a, b]) => `${a} on ${b}: ${ratio(a, b).toFixed(2)}`);
            }
            """);
        Assert.Empty(low!);
    }

    [Fact]
    public async Task Dialog_Open_KeepsTheFocus()
    {
        await using var site = await AdminSite.StartAsync();
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await page.Button("dtable-server-01", "Drain").ClickAsync();
        for (var i = 0; i < 12; i++)
        {
            await page.Page.Keyboard.PressAsync("Tab");
            Assert.True(await page.Page.EvaluateAsync<bool>("() => document.activeElement === document.body || document.querySelector('#confirm').contains(document.activeElement)"));
        }
    }

    [Fact]
    public async Task News_AreReadOutInOneSentence()
    {
        await using var site = await AdminSite.StartAsync();
        await using var page = await DashboardPage.OpenAsync(chromium, site);
        await page.IsLiveAsync();
        await site.PutAsync([.. Bucket.All.Take(60).Select(b => (AdminSite.Keys.Assignment(b), "dtable-server-02"))]);
        await Expect(page["#announcer"]).ToHaveTextAsync("60 changes of owner.");
        Assert.Equal("polite", await page["#announcer"].GetAttributeAsync("aria-live"));
    }

    // Something of everything that the page can show.
    private static async Task<AdminSite> BusySiteAsync()
    {
        var site = await AdminSite.StartAsync();
        site.Desk.CurrentStandings["dtable-server-02"] = "suspect";
        site.Desk.CurrentAlarms = [new AlarmReport("suspect-node", "dtable-server-02", "Its registration is gone, but it answers.", "Restore its connection."), new AlarmReport("frozen", "", "Frozen.", "Unfreeze it.")];
        await site.PutAsync(
            (AdminSite.Keys.Move(new Bucket(0x0f)), """{"from":"dtable-server-01","to":"dtable-server-02","phase":"quiesce","reason":"balance","epoch":1}"""),
            (AdminSite.Keys.Pins + "ff84e1a166e2", "dtable-server-02"),
            (AdminSite.Keys.ClusterPolicy, """{"frozen":true,"frozenReason":"maintenance"}"""),
            (AdminSite.Keys.Proxy("p1"), """{"address":"http://p1:5555","busy":{"0f":"2 requests"}}"""),
            (AdminSite.Keys.Load("p1"), """{"buckets":{"0f":{"rate":2.5,"bytes":1,"sockets":1},"9f":{"rate":25,"bytes":1,"sockets":1},"8f":{"rate":9,"bytes":1,"sockets":1}},"hottest":[{"base":"9f84e1a1-66e2-4000-8000-000000000001","rate":12}]}"""));
        await site.FollowedAsync();
        return site;
    }
}
