using System.Text;
using System.Text.Json.Nodes;

namespace BucketProxy.Emulator.Bases;

/// <summary>
/// What stands in for SeaTable's operation log: each change of a base is in it before it is acknowledged, and what a file does not hold yet is
/// done again when the base is loaded. One file per base, beside the base's own. No fsync, since only processes crash here, never the machine.
/// </summary>
internal sealed class OperationLog(string directory)
{
    private readonly string _directory = Directory.CreateDirectory(directory).FullName;

    public static string FileOf(string directory, string id) => Path.Combine(directory, id + ".log");

    /// <summary>Adds one change. Whoever else adds to the same base at the same time loses nothing by it.</summary>
    public void Add(string id, JsonObject operation)
    {
        using var file = new FileStream(
            FileOf(_directory, id), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        file.Write(Encoding.UTF8.GetBytes(operation.ToJsonString() + "\n"));
    }

    /// <summary>What was added, in order; a last line that a kill cut off was never acknowledged, and is left out.</summary>
    public IEnumerable<JsonObject> Read(string id) => Read(_directory, id);

    public static IEnumerable<JsonObject> Read(string directory, string id)
    {
        var path = FileOf(directory, id);
        if (!File.Exists(path))
            yield break;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        // Line by line: a log is as long as its base is old. What has no line end, or was added since, lies past the length.
        var (length, read) = (file.Length, 0L);
        while (reader.ReadLine() is { } line && (read += Encoding.UTF8.GetByteCount(line) + 1) <= length)
        {
            if (line.Length > 0)
                yield return JsonNode.Parse(line)!.AsObject();
        }
    }
}
