using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace BucketProxy.Tests.Admin;

/// <summary>The same pipeline in memory and on a socket.</summary>
public class AdminFactoryTests
{
    private const string Token = "a-token-of-some-length";

    public static TheoryData<bool> Servers => [false, true];

    private static AdminFactory Start(bool kestrel, string? token = null)
    {
        var factory = new AdminFactory { Token = token };
        if (kestrel)
            factory.UseKestrel(0);
        factory.StartServer();
        return factory;
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Ready_WithoutATable_Says503AndWhy(bool kestrel)
    {
        await using var factory = Start(kestrel);
        using var answer = await factory.CreateClient().GetAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        var health = await answer.Content.ReadFromJsonAsync<JsonNode>();
        Assert.Contains("no routing table", health!["reasons"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Order_WithoutTheToken_IsRefusedAndWithItTaken(bool kestrel)
    {
        await using var factory = Start(kestrel, Token);
        using var client = factory.CreateClient();
        var freeze = new Uri("/api/freeze", UriKind.Relative);
        using var refused = await client.PostAsync(freeze, null);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);

        client.DefaultRequestHeaders.Authorization = new("Bearer", Token);
        using var taken = await client.PostAsync(freeze, null);
        Assert.True(taken.IsSuccessStatusCode, $"{taken.StatusCode}");
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Unknown_IsProblemJsonWithSafeHeaders(bool kestrel)
    {
        await using var factory = Start(kestrel);
        using var answer = await factory.CreateClient().GetAsync(new Uri("/api/nothing", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.True(answer.Headers.Contains("Content-Security-Policy"));
    }
}
