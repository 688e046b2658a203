using System.Text.Json;
using BucketProxy.Tests.Admin;

namespace BucketProxy.Dashboard.Tests.Support;

/// <summary>The page in a browser window of its own. What the browser complains about (an error of a script, a breach of the CSP) fails the test.</summary>
internal sealed class DashboardPage : IAsyncDisposable
{
    private readonly List<string> _complaints = [];
    private readonly IBrowserContext _window;

    private DashboardPage(IBrowserContext window, IPage page)
    {
        _window = window;
        Page = page;
    }

    public IPage Page { get; }

    /// <summary>True: lost connections are part of the test.</summary>
    public bool MayFailToConnect { get; set; }

    public static Task<DashboardPage> OpenAsync(Chromium chromium, AdminSite site, BrowserNewContextOptions? options = null) =>
        OpenAsync(chromium, site.Client.BaseAddress!.AbsoluteUri, options);

    public static Task<DashboardPage> OpenAsync(Chromium chromium, RunningCluster cluster, BrowserNewContextOptions? options = null) =>
        OpenAsync(chromium, cluster.Url, options);

    public static async Task<DashboardPage> OpenAsync(Chromium chromium, string url, BrowserNewContextOptions? options = null)
    {
        var window = await chromium.Browser.NewContextAsync(options ?? new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1440, Height = 1000 } });
        window.SetDefaultTimeout((float)Testing.Patience.Limit.TotalMilliseconds);
        SetDefaultExpectTimeout((float)Testing.Patience.Limit.TotalMilliseconds);
        var page = await window.NewPageAsync();
        var dashboard = new DashboardPage(window, page);
        page.PageError += (_, error) => dashboard.Complain(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                dashboard.Complain($"{message.Text} ({message.Location})");
        };
        await page.GotoAsync(url);
        return dashboard;
    }

    public ILocator this[string selector] => Page.Locator(selector);

    public ILocator Cell(int bucket) => Page.Locator($".cell[data-index='{bucket}']");

    public ILocator Node(string id) => Page.Locator($"#nodes tr[data-key='{id}']");

    /// <summary>A button in the row of a node.</summary>
    public ILocator Button(string node, string name) => Node(node).GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = name });

    /// <summary>Says yes to what the dialog asks, and waits until it is done.</summary>
    public async Task ConfirmAsync()
    {
        await this["#confirm-do"].ClickAsync();
        await Expect(this["#confirm"]).ToBeHiddenAsync();
    }

    public Task IsLiveAsync() => Expect(this["#connection-text"]).ToHaveTextAsync("live");

    /// <summary>Completes once a script in the page answers true.</summary>
    public Task UntilAsync(string condition, object? argument = null) =>
        Page.WaitForFunctionAsync(condition, argument, new PageWaitForFunctionOptions { PollingInterval = 100 });

    /// <summary>Who owns the buckets on the grid, as the cells' data say.</summary>
    public async Task<string[]> OwnersAsync() =>
        (await Page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('.cell[data-index]')].map(cell => cell.dataset.owner)"))!;

    public Task<JsonElement> FetchAsync(string path) => Page.EvaluateAsync<JsonElement>("async path => (await fetch(path)).json()", path);

    /// <summary>Complaints that a test has caused on purpose are taken back: how many.</summary>
    public int Forgive(string about)
    {
        lock (_complaints)
            return _complaints.RemoveAll(c => c.Contains(about, StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await _window.CloseAsync();
        lock (_complaints)
            Assert.Empty(_complaints);
    }

    private void Complain(string what)
    {
        // The console says so of every answer from 400 on; the tests look at what the page makes of it.
        if (what.Contains("the server responded with a status of", StringComparison.Ordinal) || MayFailToConnect && what.Contains("net::ERR_", StringComparison.Ordinal))
            return;
        lock (_complaints)
            _complaints.Add(what);
    }
}
