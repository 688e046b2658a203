using System.Globalization;
using System.Text.Json.Nodes;
using BucketProxy.Emulator.Bases;
using BucketProxy.Emulator.Journaling;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Emulator.Http;

/// <summary>Rows: read, append, change, delete, in the shapes of both API versions.</summary>
internal sealed class RowRoutes(NodeJournal journal, TimeProvider time)
{
    /// <summary>False when the path is not about rows.</summary>
    public async Task<bool> TryServeAsync(HttpContext context, RequestPath path, BaseContent content)
    {
        var method = context.Request.Method;
        switch (path.Rest)
        {
            case ["rows"] when HttpMethods.IsGet(method) || HttpMethods.IsHead(method):
                await ListAsync(context, content);
                return true;
            case ["rows", var id] when HttpMethods.IsGet(method):
                await OneAsync(context, content, id);
                return true;
            case ["filtered-rows"] when HttpMethods.IsGet(method) || HttpMethods.IsPost(method):
                await FilterAsync(context, content);
                return true;
            case ["rows" or "batch-append-rows"] when HttpMethods.IsPost(method):
                await AppendAsync(context, path, content);
                return true;
            case ["rows" or "batch-update-rows"] when HttpMethods.IsPut(method):
                await UpdateAsync(context, content);
                return true;
            case ["rows" or "batch-delete-rows"] when HttpMethods.IsDelete(method):
                await DeleteAsync(context, path, content);
                return true;
            case ["import-csv"] when HttpMethods.IsPost(method):
                await ImportAsync(context, path, content);
                return true;
            default:
                return false;
        }
    }

    private static Task ListAsync(HttpContext context, BaseContent content)
    {
        var query = context.Request.Query;
        var rows = content.Rows(query.TableName(), _ => true, query.Number("start", 0), query.Number("limit", int.MaxValue));
        return rows is null ? NoTable(context) : context.JsonAsync(new JsonObject { ["rows"] = rows });
    }

    private static Task OneAsync(HttpContext context, BaseContent content, string id) =>
        content.Row(context.Request.Query.TableName(), id) is { } row
            ? context.JsonAsync(row)
            : context.ErrorAsync(StatusCodes.Status404NotFound, "There is no such row.");

    /// <summary>The SDK's GET with a body. Knows the predicates <c>is</c> and <c>contains</c>; all filters must fit.</summary>
    private static async Task FilterAsync(HttpContext context, BaseContent content)
    {
        if (await context.BodyAsync() is not { } body)
            return;
        List<(string Column, bool Whole, string Term)> filters =
            [.. body.Objects("filters").Select(f => (f.Text("column_name") ?? "", f.Text("filter_predicate") == "is", f["filter_term"]?.ToString() ?? ""))];
        var rows = content.Rows(body.Text("table_name") ?? BaseContent.DefaultTable, Fits);
        await (rows is null ? NoTable(context) : context.JsonAsync(new JsonObject { ["rows"] = rows }));

        bool Fits(JsonObject row) => filters.TrueForAll(f =>
        {
            var value = row[f.Column]?.ToString() ?? "";
            return f.Whole ? value == f.Term : value.Contains(f.Term, StringComparison.Ordinal);
        });
    }

    private async Task AppendAsync(HttpContext context, RequestPath path, BaseContent content)
    {
        if (await context.BodyAsync() is not { } body)
            return;
        var single = body["row"] as JsonObject;
        if (Append(path.Key, content, body.Text("table_name") ?? BaseContent.DefaultTable, single is null ? body.Objects("rows") : [single]) is not { } appended)
        {
            await NoTable(context);
            return;
        }
        await context.JsonAsync(single is not null && path.ApiVersion == 1 ? appended.First! : Batch(appended));
    }

    private async Task ImportAsync(HttpContext context, RequestPath path, BaseContent content)
    {
        using var reader = new StreamReader(context.Request.Body);
        var columns = (await reader.ReadLineAsync(context.RequestAborted))?.Split(',') ?? [];
        var rows = new List<JsonObject>();
        while (await reader.ReadLineAsync(context.RequestAborted) is { } line)
            rows.Add(new JsonObject(columns.Zip(line.Split(','), (column, cell) => KeyValuePair.Create(column, (JsonNode?)cell))));
        var appended = Append(path.Key, content, context.Request.Query.TableName(), rows);
        await (appended is null ? NoTable(context) : context.JsonAsync(Batch(appended)));
    }

    private static async Task UpdateAsync(HttpContext context, BaseContent content)
    {
        if (await context.BodyAsync() is not { } body)
            return;
        var updates = body["row"] is JsonObject row
            ? [(body.Text("row_id") ?? "", row)]
            : body.Objects("updates").Select(update => (update.Text("row_id") ?? "", update["row"] as JsonObject ?? []));
        var found = content.Update(body.Text("table_name") ?? BaseContent.DefaultTable, updates);
        await (found switch
        {
            null => NoTable(context),
            0 => context.ErrorAsync(StatusCodes.Status404NotFound, "There is no such row."),
            _ => context.JsonAsync(new JsonObject { ["success"] = true, ["updated_row_count"] = found }),
        });
    }

    private async Task DeleteAsync(HttpContext context, RequestPath path, BaseContent content)
    {
        if (await context.BodyAsync() is not { } body)
            return;
        var ids = body.Text("row_id") is { } id ? [id] : body.Texts("row_ids");
        var deleted = content.Delete(body.Text("table_name") ?? BaseContent.DefaultTable, ids);
        if (deleted is { Count: > 0 })
            journal.Write(new JournalEntry { Event = JournalEvent.Delete, Base = path.Key.Id, Rows = deleted });
        await (deleted is null ? NoTable(context) : context.JsonAsync(new JsonObject { ["success"] = true, ["deleted_rows"] = deleted.Count }));
    }

    private Appended? Append(BaseKey key, BaseContent content, string table, IEnumerable<JsonObject> rows)
    {
        var appended = content.Append(table, rows, time.GetUtcNow());
        if (appended is { Ids.Count: > 0 })
            journal.Write(new JournalEntry { Event = JournalEvent.Append, Base = key.Id, Rows = appended.Ids });
        return appended;
    }

    private static JsonObject Batch(Appended appended) => new()
    {
        ["inserted_row_count"] = appended.Ids.Count,
        ["row_ids"] = new JsonArray([.. appended.Ids.Select(JsonNode (id) => new JsonObject { ["_id"] = id })]),
        ["row_numbers"] = new JsonArray([.. appended.Numbers.Select(JsonNode (number) => number)]),
        ["first_row"] = appended.First,
    };

    private static Task NoTable(HttpContext context) => context.ErrorAsync(StatusCodes.Status404NotFound, "There is no such table.");
}

internal static class RowQuery
{
    public static string TableName(this IQueryCollection query) => query.TryGetValue("table_name", out var name) ? name.ToString() : BaseContent.DefaultTable;

    public static int Number(this IQueryCollection query, string name, int otherwise) =>
        int.TryParse(query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
