using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Emulator.Http;

/// <summary>
/// What no dtable-server has: routes under <c>…/dtables/{uuid}/debug/</c> by which a test sees exactly what reached a node, or has it misbehave.
/// <list type="bullet">
/// <item><c>echo…</c>: method, raw target, headers, length and SHA-256 of the body, as JSON.</item>
/// <item><c>bytes?size=N</c>: N bytes that depend on their position only; ranges; <c>&amp;chunked=1</c> without a length. (No trailers: Kestrel sends none over HTTP/1.1.)</item>
/// <item><c>pipe</c>: the body comes back piece by piece as it arrives.</item>
/// <item><c>redirect?to=URL</c>: 302. <c>status?code=N</c>: that status. <c>slow?ms=N</c>: answers after N ms.</item>
/// <item><c>reset</c>: reads the request, then resets the connection. <c>half?size=N</c>: promises twice N bytes, sends N, and closes the connection 100 ms later.</item>
/// <item><c>hits?key=K</c>: how many debug requests with <c>hit=K</c> in their query reached this node.</item>
/// </list>
/// </summary>
internal sealed class DebugRoutes(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, int> _hits = new(StringComparer.Ordinal);

    public async Task<bool> TryServeAsync(HttpContext context, RequestPath path)
    {
        if (path.Rest is not ["debug", var what, ..])
            return false;
        var query = context.Request.Query;
        if (query["hit"].ToString() is { Length: > 0 } hit)
            _hits.AddOrUpdate(hit, 1, static (_, count) => count + 1);
        switch (what)
        {
            case "echo":
                await EchoAsync(context);
                return true;
            case "bytes":
                await DebugBytes.SendAsync(context);
                return true;
            case "pipe":
                await PipeAsync(context);
                return true;
            case "redirect":
                context.Response.StatusCode = StatusCodes.Status302Found;
                context.Response.Headers.Location = query["to"];
                return true;
            case "status":
                await context.ErrorAsync(query.Number("code", 500), "As asked for.");
                return true;
            case "slow":
                await Task.Delay(TimeSpan.FromMilliseconds(query.Number("ms", 0)), time, context.RequestAborted);
                await context.JsonAsync(new JsonObject { ["waited_ms"] = query.Number("ms", 0) });
                return true;
            case "reset":
                await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
                Reset(context);
                return true;
            case "half":
                context.Response.ContentLength = 2L * query.Number("size", 1);
                await context.Response.Body.WriteAsync(new byte[query.Number("size", 1)], context.RequestAborted);
                // What is written must have left before the end of it makes Kestrel reset the connection.
                await context.Response.Body.FlushAsync(context.RequestAborted);
                await Task.Delay(TimeSpan.FromMilliseconds(100), time, context.RequestAborted);
                // Kestrel itself closes a connection whose answer came out too short.
                return true;
            case "hits":
                await context.JsonAsync(new JsonObject { ["hits"] = _hits.GetValueOrDefault(query["key"].ToString()) });
                return true;
            default:
                return false;
        }
    }

    private static async Task EchoAsync(HttpContext context)
    {
        var headers = context.Request.Headers.SelectMany(header => header.Value.Select(JsonNode (value) => new JsonArray(header.Key, value)));
        var answer = new JsonObject
        {
            ["method"] = context.Request.Method,
            ["target"] = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            ["headers"] = new JsonArray([.. headers]),
        };
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        long length = 0;
        while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) is > 0 and var got)
        {
            hash.AppendData(buffer, 0, got);
            length += got;
        }
        answer["body_length"] = length;
        answer["body_sha256"] = Convert.ToHexStringLower(hash.GetHashAndReset());
        await context.JsonAsync(answer);
    }

    private static async Task PipeAsync(HttpContext context)
    {
        context.Response.ContentType = "application/octet-stream";
        // The head goes out first: a client may wait for it before it sends its first piece.
        await context.Response.Body.FlushAsync(context.RequestAborted);
        var buffer = new byte[64 * 1024];
        while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) is > 0 and var got)
        {
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, got), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    private static void Reset(HttpContext context) =>
        ConnectionSockets.Reset(context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket);
}
