using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Monitor.Tests.Support;

/// <summary>A dtable-server's answers to the monitor, over real HTTP on loopback.</summary>
internal sealed class FakeNode : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeNode(WebApplication app, string id)
    {
        _app = app;
        Id = id;
    }

    public string Id { get; }

    public string Url { get; private set; } = "";

    /// <summary>Whether <c>/ping/</c> is answered with success.</summary>
    public bool Pings { get; set; } = true;

    /// <summary>What release calls are answered, in turn; the last for ever. Empty: 200.</summary>
    public ConcurrentQueue<int> Answers { get; } = [];

    /// <summary>The bodies of the release calls.</summary>
    public ConcurrentQueue<JsonObject> Releases { get; } = [];

    public static async Task<FakeNode> StartAsync(string id)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var node = new FakeNode(app, id);
        app.MapGet("/ping/", () => node.Pings ? Results.Text("pong") : Results.StatusCode(503));
        app.MapPost("/bucketproxy/release", async (HttpRequest request) =>
        {
            node.Releases.Enqueue((JsonObject)(await JsonNode.ParseAsync(request.Body))!);
            return Results.StatusCode(node.Answers.TryDequeue(out var status) ? status : 200);
        });
        await app.StartAsync();
        node.Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return node;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
