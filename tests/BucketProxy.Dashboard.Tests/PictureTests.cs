using BucketProxy.Testing;

namespace BucketProxy.Dashboard.Tests;

/// <summary>
/// The pictures of docs/dashboard.md, taken of a running cluster under load. They go to a folder that is thrown away, unless one is named:
/// <c>DASHBOARD_PICTURES=$PWD/docs/images dotnet test tests/BucketProxy.Dashboard.Tests --filter PictureTests</c>.
/// </summary>
[Collection(BrowserTests.Name)]
public sealed class PictureTests(Chromium chromium)
{
    private const int LargestFile = 200_000;

    [Fact]
    public async Task Pictures_OfARunningCluster_FitTheirWindowAndAreSmall()
    {
        using var temporary = new TemporaryDirectory();
        var folder = Environment.GetEnvironmentVariable("DASHBOARD_PICTURES") ?? temporary.Path;
        await using var cluster = await RunningCluster.StartAsync(3);
        cluster.SendTraffic();
        await using var page = await DashboardPage.OpenAsync(chromium, cluster, new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = 1360, Height = 1000 },
            ColorScheme = ColorScheme.Light,
            ReducedMotion = ReducedMotion.Reduce,
        });
        var devtools = await page.Page.Context.NewCDPSessionAsync(page.Page);
        await page.IsLiveAsync();
        await page.UntilAsync("() => document.querySelectorAll('#hottest button').length > 0");

        // Something has moved, and more would.
        await OrderAsync("PUT", "api/nodes/dtable-server-01/weight", """{"weight":2}""");
        await OrderAsync("POST", "rebalance/?wait=true", null);
        await OrderAsync("PUT", "api/nodes/dtable-server-01/weight", """{"weight":1}""");
        await page["#rebalance"].ClickAsync();
        await page.UntilAsync("() => document.querySelector(\".cell[data-s='planned']\")");
        await TakeAsync("dashboard-preview.webp");
        await page["#preview button:last-of-type"].ClickAsync();

        await page.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        await page["input[name='mode'][value='rates']"].CheckAsync();
        await page.Cell(0xa3).ClickAsync();
        await TakeAsync("dashboard-dark.webp");
        await page["input[name='mode'][value='owner']"].CheckAsync();
        await page.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Light });

        await page.Page.SetViewportSizeAsync(360, 780);
        await TakeAsync("dashboard-phone.webp");
        await page.Page.SetViewportSizeAsync(1360, 1000);

        await cluster.StopTrafficAsync();
        await cluster.KillAsync(2);
        await Expect(page["#alarms"]).ToContainTextAsync("Silent node: dtable-server-03");
        await TakeAsync("dashboard-node-lost.webp");

        Task OrderAsync(string method, string path, string? body) => page.Page.EvaluateAsync(
            "async ([method, path, body]) => { const answer = await fetch(path, { method, body, headers: body ? { 'Content-Type': 'application/json' } : {} }); if (!answer.ok) throw new Error(await answer.text()); }",
            new[] { method, path, body });

        async Task TakeAsync(string name)
        {
            // Past the flashes of what has just changed, which would differ from picture to picture.
            await page.UntilAsync("() => document.querySelectorAll(\".cell[data-s='moving']\").length === 0");
            await page.Page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
            Assert.True(await page.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"{name} must be scrolled sideways.");
            var path = Path.Combine(folder, name);
            // WebP, which Playwright does not offer: a third of what PNG takes.
            var taken = await devtools.SendAsync("Page.captureScreenshot", new Dictionary<string, object> { ["format"] = "webp", ["quality"] = 80 });
            await File.WriteAllBytesAsync(path, taken!.Value.GetProperty("data").GetBytesFromBase64());
            Assert.InRange(new FileInfo(path).Length, 10_000, LargestFile);
        }
    }

    [Theory]
    [InlineData(360)]
    [InlineData(768)]
    [InlineData(1100)]
    [InlineData(1920)]
    public async Task Page_OfAnyWidthAndInPrint_IsNotScrolledSideways(int width)
    {
        await using var cluster = await RunningCluster.StartAsync(1);
        await using var page = await DashboardPage.OpenAsync(chromium, cluster, new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = width, Height = 900 } });
        await page.IsLiveAsync();
        await Expect(page["#nodes"]).ToContainTextAsync("dtable-server-01");
        Assert.True(await page.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"));
        await page.Page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });
        Assert.True(await page.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"));
    }
}
