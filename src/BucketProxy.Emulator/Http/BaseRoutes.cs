using System.Text.Json.Nodes;
using BucketProxy.Emulator.Bases;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Emulator.Http;

/// <summary>The base as a whole: its content with an ETag, metadata, tables, connected apps.</summary>
internal static class BaseRoutes
{
    /// <summary>False when the path is not about the base as a whole.</summary>
    public static async Task<bool> TryServeAsync(HttpContext context, RequestPath path, BaseContent content)
    {
        var method = context.Request.Method;
        var read = HttpMethods.IsGet(method) || HttpMethods.IsHead(method);
        switch (path.Rest)
        {
            case [] when read:
                await WholeAsync(context, content);
                return true;
            case ["metadata"] when read:
                await context.JsonAsync(new JsonObject { ["metadata"] = content.Metadata() });
                return true;
            case ["tables"] when HttpMethods.IsPost(method):
                await AddTableAsync(context, content);
                return true;
            case ["columns" or "views"] when read:
                await PartAsync(context, content, path.Rest[0]);
                return true;
            case ["connected-apps"] when read:
                await context.JsonAsync(new JsonObject { ["connected_apps"] = new JsonArray() });
                return true;
            default:
                return false;
        }
    }

    private static Task WholeAsync(HttpContext context, BaseContent content)
    {
        var file = content.ToFile();
        var tag = $"\"v{file["version"]}\"";
        context.Response.Headers.ETag = tag;
        if (context.Request.Headers.IfNoneMatch.Contains(tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }
        return context.JsonAsync(file);
    }

    private static async Task AddTableAsync(HttpContext context, BaseContent content)
    {
        if (await context.BodyAsync() is not { } body)
            return;
        if (body.Text("table_name") is not { Length: > 0 } name || !content.AddTable(name))
            await context.ErrorAsync(StatusCodes.Status400BadRequest, "table_name must be new and not empty.");
        else
            await context.JsonAsync(new JsonObject { ["name"] = name, ["_id"] = name });
    }

    private static Task PartAsync(HttpContext context, BaseContent content, string part)
    {
        var table = content.Metadata()["tables"]!.AsArray().FirstOrDefault(table => (string)table!["name"]! == context.Request.Query.TableName());
        return table is null
            ? context.ErrorAsync(StatusCodes.Status404NotFound, "There is no such table.")
            : context.JsonAsync(new JsonObject { [part] = table[part]!.DeepClone() });
    }
}
