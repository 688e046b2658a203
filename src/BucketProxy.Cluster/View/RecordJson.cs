using System.Text.Json;
using System.Text.Json.Serialization;

namespace BucketProxy.Cluster.View;

/// <summary>How the records under <c>bucketproxy/</c> are written as JSON, and read again: camel case, nulls left out, unknown
/// members ignored (so that versions can be mixed while a cluster is being upgraded).</summary>
public static class RecordJson
{
    /// <summary>The one set of options.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        PropertyNameCaseInsensitive = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // A null where none is allowed is a value that cannot be read, not a fault somewhere far from here.
        RespectNullableAnnotations = true,
    };

    /// <summary>A record as JSON text.</summary>
    public static string Write<T>(T record) => JsonSerializer.Serialize(record, Options);

    /// <summary>Reads a record.</summary>
    /// <exception cref="JsonException">The text is no such record.</exception>
    public static T Read<T>(ReadOnlySpan<byte> utf8) =>
        JsonSerializer.Deserialize<T>(utf8, Options) ?? throw new JsonException("null is not allowed here.");
}
