using System.Text.Json.Nodes;

namespace BucketProxy.Emulator.Bases;

/// <summary>One table of a base in memory. Not thread-safe: <see cref="BaseContent"/> guards it.</summary>
internal sealed class TableContent(string name)
{
    public string Name { get; } = name;

    public long NextNumber { get; set; } = 1;

    public List<JsonObject> Rows { get; } = [];

    public Dictionary<string, JsonObject> ById { get; } = new(StringComparer.Ordinal);

    public SortedSet<string> Columns { get; } = new(StringComparer.Ordinal);

    public void Add(JsonObject row)
    {
        Rows.Add(row);
        ById.Add((string)row["_id"]!, row);
        foreach (var (column, _) in row)
        {
            if (!column.StartsWith('_'))
                Columns.Add(column);
        }
    }

    /// <summary>Changes the columns given; those of the server's own stay.</summary>
    public void Set(JsonObject row, JsonObject columns)
    {
        foreach (var (column, value) in columns)
        {
            if (column.StartsWith('_'))
                continue;
            row[column] = value?.DeepClone();
            Columns.Add(column);
        }
    }

    public JsonObject ToFile() => new()
    {
        ["name"] = Name,
        ["next_number"] = NextNumber,
        ["rows"] = new JsonArray([.. Rows.Select(row => row.DeepClone())]),
    };

    public static TableContent FromFile(JsonObject file)
    {
        var table = new TableContent((string)file["name"]!) { NextNumber = (long)file["next_number"]! };
        foreach (var row in file["rows"]!.AsArray())
            table.Add((JsonObject)row!.DeepClone());
        return table;
    }
}
