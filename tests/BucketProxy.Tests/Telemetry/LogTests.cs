using System.Text.Json;
using BucketProxy.Testing;
using BucketProxy.Testing.Processes;
using BucketProxy.Tests.Composition;
using BucketProxy.Tests.Configuration;

namespace BucketProxy.Tests.Telemetry;

public sealed class LogTests
{
    private const string Base = "0b7a3f0c-8f6e-4f0e-9d2a-1c5b7e9f0a11";

    [Fact]
    public async Task Serve_RequestLogAsked_OneLineForEachRequestAndNoToken()
    {
        using var folder = new TemporaryDirectory();
        var file = folder.Combine("requests.log");
        await using (var served = await ServedInstance.StartAsync(1, new Dictionary<string, object>
        {
            ["logging"] = new { requests = true, requestFile = file, format = "json" },
        }))
        {
            using var client = new HttpClient { BaseAddress = new Uri(served.DataUrl) };
            client.DefaultRequestHeaders.Add("Authorization", "Token very-secret");
            using var one = await client.GetAsync(new Uri($"/dtables/{Base}/?access_token=very-secret", UriKind.Relative));
            using var other = await client.GetAsync(new Uri("/ping/", UriKind.Relative));
        }

        var text = await File.ReadAllTextAsync(file);
        Assert.DoesNotContain("very-secret", text, StringComparison.Ordinal);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        Assert.Equal(["dtable-server-01", null], lines.Select(l => l.TryGetProperty("node", out var node) ? node.GetString() : null));
        Assert.Equal(["node", "local"], lines.Select(l => l.GetProperty("cause").GetString()));
        Assert.True(lines[0].GetProperty("epoch").GetInt64() > 0);
    }

    [Fact]
    public async Task Serve_LogIsJson_EveryLineOfStandardOutputIs()
    {
        using var folder = new TemporaryDirectory();
        var file = folder.Combine("config.json");
        await File.WriteAllTextAsync(file, $$"""
            { "store": "embedded", "dataDirectory": "{{folder.Combine("data")}}", "data": { "listen": "127.0.0.1:0" }, "admin": { "listen": "127.0.0.1:0" },
              "nodes": [ { "id": "dtable-server-01", "local_node_url": "http://127.0.0.1:1" } ], "logging": { "format": "json", "requests": true } }
            """);
        await using var serve = ChildProcess.StartBucketProxy("serve", "serve", "--config", file);
        JsonElement[] lines = [];
        using var limit = new CancellationTokenSource(Patience.Limit, TimeProvider.System);
        while (!lines.Any(l => Message(l).StartsWith("data port: ", StringComparison.Ordinal)))
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            lines = Lines(serve.Output);
        }
        var url = lines.Select(Message).First(m => m.StartsWith("data port: ", StringComparison.Ordinal))["data port: ".Length..];
        using (var client = new HttpClient { BaseAddress = new Uri(url) })
        using (await client.GetAsync(new Uri("/nowhere?token=abc", UriKind.Relative)))
            await serve.TerminateAsync();

        lines = Lines(serve.Output);
        Assert.Contains(lines, l => Message(l) == "stopped");
        Assert.Contains(lines, l => l.TryGetProperty("target", out var target) && target.GetString() == "/nowhere?token=***");
        Assert.Contains(lines, l => l.TryGetProperty("EventId", out _));

        static string Message(JsonElement line) => line.TryGetProperty("Message", out var message) ? message.GetString()! : "";

        // The last line may be half written still. The first is the pid, by whoever starts it for the test.
        static JsonElement[] Lines(string output) =>
            [.. output.Split('\n')[..^1].Where(l => l.Length > 0 && !l.StartsWith("pid ", StringComparison.Ordinal)).Select(l => JsonDocument.Parse(l).RootElement)];
    }

    [Fact]
    public void RequestFile_WithoutTheRequestLog_IsRefused() => Assert.Contains(
        Loading.Errors("""{ "logging": { "requestFile": "/tmp/x" }, """ + Loading.OneNode + "}"), e => e.Contains("logging.requestFile", StringComparison.Ordinal));

    [Fact]
    public void RequestLog_IsOffByDefault_AndSoIsTracing()
    {
        var settings = Loading.Good("{" + Loading.OneNode + "}");
        Assert.False(settings.Logging.Requests);
        Assert.False(settings.Telemetry.Traces.IsOn);
        Assert.Null(settings.Telemetry.Otlp.Endpoint);
        Assert.True(settings.Telemetry.Metrics);
    }
}
