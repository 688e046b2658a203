using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace BucketProxy.Tests.Admin;

public sealed class OpenApiPageTests
{
    [Fact]
    public async Task Page_EveryOperationItLists_AnswersAsItSays()
    {
        await using var site = await AdminSite.StartAsync();
        var page = await site.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var called = 0;
        foreach (var path in page.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var target = path.Name.Replace("{id}", "dtable-server-01", StringComparison.Ordinal)
                    .Replace("{pin}", "ff84e1a1-66e2", StringComparison.Ordinal)
                    .Replace("{instance}", "p1", StringComparison.Ordinal)
                    .Replace("{uuid}", "9f84e1a1-66e2-4000-8000-000000000001", StringComparison.Ordinal);
                Assert.DoesNotContain('{', target);
                using var request = new HttpRequestMessage(HttpMethod.Parse(operation.Name), target);
                if (operation.Value.TryGetProperty("requestBody", out _))
                    request.Content = new StringContent("""{"weight":1,"node":"dtable-server-01","reason":"x"}""", Encoding.UTF8, "application/json");
                using var answer = await site.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{operation.Name} {target}: {(int)answer.StatusCode}");
                var said = operation.Value.GetProperty("responses").GetProperty("200").GetProperty("content");
                Assert.True(said.TryGetProperty(answer.Content.Headers.ContentType!.MediaType!, out _), $"{target} answers {answer.Content.Headers.ContentType}, the page says {said}");
                called++;
            }
        }
        Assert.Equal(25, called);
    }

    [Fact]
    public async Task Page_EveryOperation_HasAnIdASummaryAndATag()
    {
        await using var site = await AdminSite.StartAsync();
        var page = await site.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var operations = page.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject()).ToArray();
        Assert.All(operations, o =>
        {
            Assert.False(string.IsNullOrEmpty(o.Value.GetProperty("operationId").GetString()));
            Assert.False(string.IsNullOrEmpty(o.Value.GetProperty("summary").GetString()));
            Assert.Equal(1, o.Value.GetProperty("tags").GetArrayLength());
        });
    }
}
