using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using BucketProxy.Admin;
using BucketProxy.Admin.Contract;
using BucketProxy.Configuration;

namespace BucketProxy.Tests.Admin;

public sealed class OrderEndpointsTests
{
    private const string Token = "a-token-of-some-length";

    [Theory]
    [InlineData("/rebalance/", null, null)]
    [InlineData("/rebalance", null, null)]
    [InlineData("/rebalance/", "a=b", "application/x-www-form-urlencoded")]
    [InlineData("/rebalance/", "{ this is no json", "application/json")]
    [InlineData("/rebalance/", "x", "something/else")]
    public async Task Rebalance_WhateverTheBody_IsOrdered(string path, string? body, string? type)
    {
        await using var site = await AdminSite.StartAsync();
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8);
        if (content is not null)
            content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue(type!);
        using var answer = await site.Client.PostAsync(new Uri(path, UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(("p1", 7L, "0f", "dtable-server-01", "dtable-server-02"),
            (json.GetProperty("plan").GetString()!, json.GetProperty("revision").GetInt64(), json.GetProperty("moves")[0].GetProperty("bucket").GetString()!,
             json.GetProperty("moves")[0].GetProperty("from").GetString()!, json.GetProperty("moves")[0].GetProperty("to").GetString()!));
        Assert.Equal(["rebalance dry=False plan="], site.Desk.Orders);
    }

    [Fact]
    public async Task Rebalance_DryRunAndPlan_AreHandedOn()
    {
        await using var site = await AdminSite.StartAsync();
        using var preview = await site.Client.PostAsync(new Uri("/rebalance/?dry_run=true&wait=true", UriKind.Relative), null);
        using var apply = await site.Client.PostAsync(new Uri("/rebalance/?plan=p9", UriKind.Relative), null);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (preview.StatusCode, apply.StatusCode));
        Assert.Equal(["rebalance dry=True plan=", "rebalance dry=False plan=p9"], site.Desk.Orders);
    }

    [Fact]
    public async Task Rebalance_Wait_AnswersWhenItIsDoneWithThePhases()
    {
        await using var site = await AdminSite.StartAsync();
        var answering = site.Client.PostAsync(new Uri("/rebalance/?wait=true", UriKind.Relative), null);
        while (true)
        {
            lock (site.Desk.Orders)
            {
                if (site.Desk.Orders.Count > 0)
                    break;
            }
            await Task.Yield();
        }
        Assert.False(answering.IsCompleted);
        site.Desk.Done.SetResult();
        using var answer = await answering;
        var report = (await answer.Content.ReadFromJsonAsync<RebalanceReport>(AdminJson.Options))!;
        Assert.True(report.Done);
        Assert.Equal(6, Assert.Single(report.Outcome!).Phases!.Hold);
    }

    public static TheoryData<string, string, string?, string> Orders => new()
    {
        { "POST", "/api/nodes/dtable-server-01/drain", null, "drain dtable-server-01 force=False" },
        { "POST", "/api/nodes/dtable-server-01/drain?force=true", null, "drain dtable-server-01 force=True" },
        { "POST", "/api/nodes/dtable-server-01/cordon", null, "cordon dtable-server-01" },
        { "POST", "/api/nodes/dtable-server-01/uncordon", null, "uncordon dtable-server-01" },
        { "POST", "/api/nodes/dtable-server-01/gone", null, "gone dtable-server-01" },
        { "PUT", "/api/nodes/dtable-server-01/weight", """{"weight":2.5}""", "weight dtable-server-01 2.5" },
        { "PUT", "/api/pins/ff84e1a1-66e2", """{"node":"dtable-server-02"}""", "pin ff84e1a1-66e2 dtable-server-02" },
        { "DELETE", "/api/pins/ff84e1a1-66e2", null, "unpin ff84e1a1-66e2" },
        { "POST", "/api/freeze", """{"reason":"maintenance"}""", "freeze maintenance" },
        { "POST", "/api/freeze", null, "freeze " },
        { "POST", "/api/unfreeze", null, "unfreeze" },
        { "POST", "/api/proxies/p1/forget", null, "forget p1" },
        { "POST", "/api/store/accept", null, "accept" },
    };

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Order_OfEachKind_IsTakenWithTheTokenAndRefusedWithout(string method, string path, string? body, string expected)
    {
        await using var site = await AdminSite.StartAsync(new AdminSettings { Token = Token });
        foreach (var offered in new[] { null, "Bearer wrong-token-altogether", $"Basic {Token}", $"Bearer {Token}x" })
        {
            using var refused = await SendAsync(site, method, path, body, ("Authorization", offered));
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            Assert.Equal("Bearer", Assert.Single(refused.Headers.WwwAuthenticate).Scheme);
            Assert.DoesNotContain(Token, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        Assert.Empty(site.Desk.Orders);

        using var taken = await SendAsync(site, method, path, body, ("Authorization", $"Bearer {Token}"));
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.Equal([expected], site.Desk.Orders);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://evil.example.com")]
    [InlineData("Origin", "null")]
    public async Task Order_FromAPageOfAnotherSite_IsRefused(string header, string value)
    {
        await using var site = await AdminSite.StartAsync();
        using var answer = await SendAsync(site, "POST", "/rebalance/", "a=b", (header, value));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Empty(site.Desk.Orders);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    [InlineData("Origin", "SELF")]
    public async Task Order_FromOurOwnPage_IsTaken(string header, string value)
    {
        await using var site = await AdminSite.StartAsync();
        using var answer = await SendAsync(site, "POST", "/rebalance/", null, (header, value == "SELF" ? site.Client.BaseAddress!.GetLeftPart(UriPartial.Authority) : value));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    public static TheoryData<int, HttpStatusCode> Refusals => new()
    {
        { (int)RefusalKind.NotFound, HttpStatusCode.NotFound },
        { (int)RefusalKind.BadOrder, HttpStatusCode.BadRequest },
        { (int)RefusalKind.Conflict, HttpStatusCode.Conflict },
        { (int)RefusalKind.Changed, HttpStatusCode.PreconditionFailed },
        { (int)RefusalKind.StoreAway, HttpStatusCode.ServiceUnavailable },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Order_Refused_IsAProblemThatSaysWhy(int kind, HttpStatusCode expected)
    {
        await using var site = await AdminSite.StartAsync();
        site.Desk.Refusal = new OrderRefusedException((RefusalKind)kind, "Because of this. Do that.");
        using var answer = await SendAsync(site, "POST", "/rebalance/?plan=p1", null);
        Assert.Equal(expected, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("Because of this. Do that.", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("PUT", "/api/nodes/dtable-server-01/weight", "{")]
    [InlineData("PUT", "/api/pins/ff84e1a1-66e2", null)]
    [InlineData("POST", "/rebalance/?dry_run=perhaps", null)]
    public async Task Order_ThatCannotBeRead_IsAProblem(string method, string path, string? body)
    {
        await using var site = await AdminSite.StartAsync();
        using var answer = await SendAsync(site, method, path, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Empty(site.Desk.Orders);
    }

    private static async Task<HttpResponseMessage> SendAsync(
        AdminSite site, string method, string path, string? body, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
        {
            if (value is not null)
                request.Headers.TryAddWithoutValidation(name, value);
        }
        return await site.Client.SendAsync(request);
    }
}
