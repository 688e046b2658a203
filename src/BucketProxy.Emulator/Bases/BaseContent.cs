using System.Text;
using System.Text.Json.Nodes;

namespace BucketProxy.Emulator.Bases;

/// <summary>What an append did: the rows' ids and numbers, and the first row as the API answers it.</summary>
internal sealed record Appended(IReadOnlyList<string> Ids, IReadOnlyList<long> Numbers, JsonObject? First);

/// <summary>
/// A base's copy in memory: the truth while the base is loaded, and the reason why two servers must never hold one base.
/// Thread-safe. A table that is not there answers null; the first table is always there.
/// </summary>
internal sealed class BaseContent
{
    public const string DefaultTable = "Table1";

    private readonly Lock _lock = new();
    private readonly string _id;
    private readonly Dictionary<string, TableContent> _tables = new(StringComparer.Ordinal);
    private long _version;
    private long _savedVersion;

    private BaseContent(string id) => _id = id;

    /// <summary>Rises with every change and is saved with the base.</summary>
    public long Version
    {
        get
        {
            lock (_lock)
                return _version;
        }
    }

    public static BaseContent Empty(string id)
    {
        var content = new BaseContent(id);
        content._tables.Add(DefaultTable, new TableContent(DefaultTable));
        return content;
    }

    /// <exception cref="InvalidDataException">The file is not a base, or another one's.</exception>
    public static BaseContent FromFile(string id, byte[] file)
    {
        try
        {
            var root = JsonNode.Parse(file)!.AsObject();
            if ((string)root["base"]! != id)
                throw new InvalidDataException($"The file of base {id} holds base {root["base"]}.");
            var content = new BaseContent(id) { _version = (long)root["version"]!, _savedVersion = (long)root["version"]! };
            foreach (var table in root["tables"]!.AsArray())
            {
                var read = TableContent.FromFile(table!.AsObject());
                content._tables.Add(read.Name, read);
            }
            return content;
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException or NullReferenceException or ArgumentException)
        {
            throw new InvalidDataException($"The file of base {id} is broken: {e.Message}", e);
        }
    }

    public Appended? Append(string tableName, IEnumerable<JsonObject> rows, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (!_tables.TryGetValue(tableName, out var table))
                return null;
            var ids = new List<string>();
            var numbers = new List<long>();
            JsonObject? first = null;
            foreach (var given in rows)
            {
                var row = (JsonObject)given.DeepClone();
                row["_id"] = Convert.ToBase64String(Guid.NewGuid().ToByteArray())[..22].Replace('+', '-').Replace('/', '_');
                row["_number"] = table.NextNumber;
                row["_ctime"] = now.ToString("O");
                table.Add(row);
                ids.Add((string)row["_id"]!);
                numbers.Add(table.NextNumber++);
                first ??= (JsonObject)row.DeepClone();
            }
            _version++;
            return new Appended(ids, numbers, first);
        }
    }

    /// <summary>Changes the columns given; null when the table is not there. Answers how many rows were found.</summary>
    public int? Update(string tableName, IEnumerable<(string Id, JsonObject Columns)> updates)
    {
        lock (_lock)
        {
            if (!_tables.TryGetValue(tableName, out var table))
                return null;
            var found = 0;
            foreach (var (id, columns) in updates)
            {
                if (!table.ById.TryGetValue(id, out var row))
                    continue;
                found++;
                foreach (var (column, value) in columns)
                {
                    if (column.StartsWith('_'))
                        continue;
                    row[column] = value?.DeepClone();
                    table.Columns.Add(column);
                }
            }
            if (found > 0)
                _version++;
            return found;
        }
    }

    /// <summary>Null when the table is not there. Answers the ids that were there.</summary>
    public IReadOnlyList<string>? Delete(string tableName, IEnumerable<string> ids)
    {
        lock (_lock)
        {
            if (!_tables.TryGetValue(tableName, out var table))
                return null;
            var deleted = new List<string>();
            foreach (var id in ids)
            {
                if (!table.ById.Remove(id, out var row))
                    continue;
                table.Rows.Remove(row);
                deleted.Add(id);
            }
            if (deleted.Count > 0)
                _version++;
            return deleted;
        }
    }

    public bool AddTable(string tableName)
    {
        lock (_lock)
        {
            if (!_tables.TryAdd(tableName, new TableContent(tableName)))
                return false;
            _version++;
            return true;
        }
    }

    /// <summary>Copies of the rows that fit, in their order; null when the table is not there.</summary>
    public JsonArray? Rows(string tableName, Func<JsonObject, bool> fits, int start = 0, int limit = int.MaxValue)
    {
        lock (_lock)
        {
            return _tables.TryGetValue(tableName, out var table)
                ? new JsonArray([.. table.Rows.Where(fits).Skip(start).Take(limit).Select(row => row.DeepClone())])
                : null;
        }
    }

    public JsonObject? Row(string tableName, string id)
    {
        lock (_lock)
            return _tables.TryGetValue(tableName, out var table) && table.ById.TryGetValue(id, out var row) ? (JsonObject)row.DeepClone() : null;
    }

    public JsonObject Metadata()
    {
        lock (_lock)
        {
            var tables = _tables.Values.Select(JsonNode (table) => new JsonObject
            {
                ["_id"] = table.Name,
                ["name"] = table.Name,
                ["columns"] = new JsonArray([.. table.Columns.Select(JsonNode (column) => new JsonObject { ["key"] = column, ["name"] = column, ["type"] = "text" })]),
                ["views"] = new JsonArray(new JsonObject { ["_id"] = "0000", ["name"] = "Default View" }),
            });
            return new JsonObject { ["format_version"] = 9, ["version"] = _version, ["tables"] = new JsonArray([.. tables]) };
        }
    }

    /// <summary>The whole base as it is saved.</summary>
    public JsonObject ToFile()
    {
        lock (_lock)
            return new JsonObject { ["base"] = _id, ["version"] = _version, ["tables"] = new JsonArray([.. _tables.Values.Select(JsonNode (table) => table.ToFile())]) };
    }

    /// <summary>The bytes to save, or null when nothing changed since the last save.</summary>
    public (byte[] File, long Version)? Changed()
    {
        lock (_lock)
            return _version == _savedVersion ? null : (Encoding.UTF8.GetBytes(ToFile().ToJsonString()), _version);
    }

    /// <summary>The bytes to save, whether anything changed or not.</summary>
    public (byte[] File, long Version) All()
    {
        lock (_lock)
            return (Encoding.UTF8.GetBytes(ToFile().ToJsonString()), _version);
    }

    public void Saved(long version)
    {
        lock (_lock)
            _savedVersion = version;
    }
}
