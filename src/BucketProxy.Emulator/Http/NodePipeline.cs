using System.Text.Json.Nodes;
using BucketProxy.Emulator.Bases;
using BucketProxy.Emulator.Journaling;
using BucketProxy.Emulator.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Emulator.Http;

/// <summary>Takes every request of a node to its route.</summary>
internal sealed class NodePipeline(
    EmulatorOptions options, NodeCounters counters, BaseReleases releases, BaseRegistry bases, SocketHub sockets, NodeJournal journal, ILogger logger, TimeProvider time)
{
    private readonly RowRoutes _rows = new(journal, time);
    private readonly DebugRoutes _debug = new(time);

    public async Task ServeAsync(HttpContext context)
    {
        try
        {
            await RouteAsync(context);
        }
        catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
        {
            // The node crashed or the client went away: whoever is left gets no answer, as from a dead process.
            context.Abort();
        }
        catch (Exception e) when (e is InvalidDataException or IOException and not BadHttpRequestException && !context.Response.HasStarted)
        {
            Log.StorageFailed(logger, e, options.Id, context.Request.Path);
            await context.ErrorAsync(StatusCodes.Status500InternalServerError, e.Message);
        }
    }

    private async Task RouteAsync(HttpContext context)
    {
        context.Response.Headers["X-Emulated-Node"] = options.Id;
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = RequestPath.Parse(target.StartsWith(options.PathBase + "/", StringComparison.Ordinal) ? target[options.PathBase.Length..] : "/");
        switch (path.Kind)
        {
            case RequestKind.Ping:
                context.Response.ContentType = "text/plain";
                await context.Response.Body.WriteAsync("pong"u8.ToArray(), context.RequestAborted);
                break;
            case RequestKind.SysInfo:
                await context.JsonAsync(counters.ToJson());
                break;
            case RequestKind.Release:
                await ReleaseRoute.ServeAsync(context, releases);
                break;
            case RequestKind.Socket:
                await ServeSocketAsync(context);
                break;
            case RequestKind.Base:
                await ServeBaseAsync(context, path);
                break;
            case RequestKind.Malformed:
                await context.ErrorAsync(StatusCodes.Status400BadRequest, "This is no base UUID.");
                break;
            default:
                await context.ErrorAsync(StatusCodes.Status404NotFound, "There is no such route.");
                break;
        }
    }

    private async Task ServeBaseAsync(HttpContext context, RequestPath path)
    {
        var start = time.GetUtcNow();
        using var held = await bases.EnterAsync(path.Key, context.RequestAborted);
        counters.CountOperation();
        try
        {
            if (!await _debug.TryServeAsync(context, path)
                && !await _rows.TryServeAsync(context, path, held.Content)
                && !await BaseRoutes.TryServeAsync(context, path, held.Content))
            {
                await context.ErrorAsync(StatusCodes.Status404NotFound, "There is no such route.");
            }
        }
        finally
        {
            WriteServe(context, path.Key, context.Request.Method, start);
        }
    }

    private async Task ServeSocketAsync(HttpContext context)
    {
        if (!BaseKey.TryParse(context.Request.Query["dtable_uuid"], out var key))
        {
            await context.ErrorAsync(StatusCodes.Status400BadRequest, "dtable_uuid must be a base UUID.");
            return;
        }
        if (!context.WebSockets.IsWebSocketRequest)
        {
            // Engine.IO's own words for a transport that the server does not offer.
            await context.JsonAsync(new JsonObject { ["code"] = 0, ["message"] = "Transport unknown" }, StatusCodes.Status400BadRequest);
            return;
        }
        var start = time.GetUtcNow();
        HubSocket? member;
        using (await bases.EnterAsync(key, context.RequestAborted))
        {
            var socket = await context.WebSockets.AcceptWebSocketAsync();
            counters.CountOperation();
            member = sockets.Join(key, socket);
            WriteServe(context, key, "SOCKET", start);
        }
        if (member is null)
            context.Abort();
        else
            await sockets.RunAsync(member, context.RequestAborted);
    }

    private void WriteServe(HttpContext context, BaseKey key, string method, DateTimeOffset start) => journal.Write(new JournalEntry
    {
        Event = JournalEvent.Serve,
        Base = key.Id,
        Time = start,
        End = time.GetUtcNow(),
        Method = method,
        Path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?', 2)[0],
        Status = context.Response.StatusCode,
    });
}
