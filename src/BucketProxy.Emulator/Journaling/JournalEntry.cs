using System.Text.Json;
using System.Text.Json.Serialization;

namespace BucketProxy.Emulator.Journaling;

/// <summary>What happened to a base (or to the node).</summary>
public enum JournalEvent
{
    /// <summary>The process began.</summary>
    Start,

    /// <summary>A base is about to be read into memory: open from here on.</summary>
    Load,

    /// <summary>A request (<see cref="JournalEntry.Time"/> to <see cref="JournalEntry.End"/>) or the opening of a socket.</summary>
    Serve,

    /// <summary>Rows were appended; written before the answer is sent.</summary>
    Append,

    /// <summary>Rows were deleted; written before the answer is sent.</summary>
    Delete,

    /// <summary>The base's file was overwritten.</summary>
    Flush,

    /// <summary>A base left the memory, saved.</summary>
    Unload,

    /// <summary>A bucket or base was released: nothing of it is in memory or running.</summary>
    Release,

    /// <summary>The process ended in order: everything saved.</summary>
    Stop,

    /// <summary>The process ended without saving. A killed process cannot write this.</summary>
    Crash,
}

/// <summary>One line of a node's journal.</summary>
public sealed record JournalEntry
{
    /// <summary>What happened.</summary>
    public required JournalEvent Event { get; init; }

    /// <summary>The node's id.</summary>
    public string Node { get; init; } = "";

    /// <summary>This run of the node; two runs never share it.</summary>
    public string Run { get; init; } = "";

    /// <summary>When the run began.</summary>
    public DateTimeOffset ProcessStart { get; init; }

    /// <summary>When it happened.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>The operating system's process that wrote the line.</summary>
    public int Process { get; init; }

    /// <summary>Rises with every line of one <see cref="Process"/>, also over several nodes in it: the order where times are equal.</summary>
    public long Sequence { get; init; }

    /// <summary>The base in lower case with dashes. Release: the pin that was released, null for the bucket.</summary>
    public string? Base { get; init; }

    /// <summary>Serve: when the answer was complete.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>Serve: the HTTP method, or SOCKET.</summary>
    public string? Method { get; init; }

    /// <summary>Serve: the path that was asked for, without the query.</summary>
    public string? Path { get; init; }

    /// <summary>Serve: the HTTP status.</summary>
    public int? Status { get; init; }

    /// <summary>Append, Delete: the rows' ids.</summary>
    public IReadOnlyList<string>? Rows { get; init; }

    /// <summary>Flush: the base's version that is now in storage.</summary>
    public long? Version { get; init; }

    /// <summary>Release: the bucket, two hex digits.</summary>
    public string? Bucket { get; init; }

    /// <summary>Release: the epoch of the order.</summary>
    public long? Epoch { get; init; }

    /// <summary>The entry as one line without its end.</summary>
    public byte[] ToLine() => JsonSerializer.SerializeToUtf8Bytes(this, JournalJson.Default.JournalEntry);

    /// <exception cref="JsonException">The line is no entry.</exception>
    public static JournalEntry FromLine(string line) =>
        JsonSerializer.Deserialize(line, JournalJson.Default.JournalEntry) ?? throw new JsonException("An entry is an object, not null.");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(JournalEntry))]
internal sealed partial class JournalJson : JsonSerializerContext;
