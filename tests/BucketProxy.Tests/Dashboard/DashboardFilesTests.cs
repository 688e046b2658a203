using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using BucketProxy.Dashboard;
using BucketProxy.Tests.Admin;

namespace BucketProxy.Tests.Dashboard;

public sealed partial class DashboardFilesTests
{
    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/index.html", "text/html")]
    [InlineData("/css/theme.css", "text/css")]
    [InlineData("/js/app.js", "text/javascript")]
    [InlineData("/favicon.svg", "image/svg+xml")]
    public async Task File_Asked_ComesWithItsTypeAndAllowsNothingFromElsewhere(string path, string type)
    {
        await using var site = await AdminSite.StartAsync(empty: true);
        using var answer = await site.Client.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal((HttpStatusCode.OK, type), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType!));
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
        Assert.Contains("camera=()", Assert.Single(answer.Headers.GetValues("Permissions-Policy")), StringComparison.Ordinal);
        Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Cross-Origin-Opener-Policy")));
    }

    [Fact]
    public async Task File_AskedAgainWithItsTag_IsNotSentAgain()
    {
        await using var site = await AdminSite.StartAsync(empty: true);
        using var first = await site.Client.GetAsync(new Uri("/js/app.js", UriKind.Relative));
        Assert.True(first.Headers.CacheControl!.NoCache);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/js/app.js");
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var again = await site.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);

        using var other = new HttpRequestMessage(HttpMethod.Get, "/js/app.js");
        other.Headers.IfNoneMatch.Add(new EntityTagHeaderValue("\"another\""));
        using var whole = await site.Client.SendAsync(other);
        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);

        using var head = await site.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/js/app.js"));
        Assert.Equal((HttpStatusCode.OK, first.Headers.ETag), (head.StatusCode, head.Headers.ETag));
    }

    [Fact]
    public void Files_All_NameOnlyFilesThatAreThere()
    {
        foreach (var (path, file) in DashboardFiles.All)
        {
            var folder = Path.GetDirectoryName(path)!.Replace('\\', '/');
            foreach (Match match in Named().Matches(Encoding.UTF8.GetString(file.Content)))
            {
                var target = match.Groups["html"].Success ? match.Groups["html"].Value : $"{folder}/{match.Groups["module"].Value}";
                Assert.True(target.StartsWith("api/", StringComparison.Ordinal) || target.StartsWith('#') || DashboardFiles.All.ContainsKey(target), $"{path} names {target}");
            }
        }
    }

    [Fact]
    public void Files_All_HaveNoForeignHostNoInlineScriptOrStyleAndMakeNoMarkupOfText()
    {
        foreach (var (path, file) in DashboardFiles.All)
        {
            var text = Encoding.UTF8.GetString(file.Content);
            Assert.DoesNotMatch("(?<!xmlns=\"|createElementNS\\(')https?://", text);
            Assert.DoesNotMatch("innerHTML|outerHTML|insertAdjacentHTML|document\\.write|DOMParser|\\beval\\(", text);
            if (path.EndsWith(".html", StringComparison.Ordinal))
                Assert.DoesNotMatch("<style|<script(?![^>]*src=)| style=| on[a-z]+=", text);
        }
    }

    [GeneratedRegex("(?:href|src)=\"(?<html>[^\"]+)\"|from '\\./(?<module>[^']+)'")]
    private static partial Regex Named();
}
