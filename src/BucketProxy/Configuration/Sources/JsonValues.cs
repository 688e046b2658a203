using System.Text;
using System.Text.Json;

namespace BucketProxy.Configuration.Sources;

/// <summary>
/// The values of a JSON file by their paths, each with the type that it has in the file. The library's own provider makes text of
/// everything, so that a number passes for a name, and puts two sections of one name together without a word.
/// </summary>
internal sealed class JsonValues
{
    private static readonly JsonReaderOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private readonly Dictionary<string, string?> _values = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, (JsonValueKind Kind, int Line)> _found = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<(string Path, int First, int Second)> _twice = [];
    private int _countedTo;
    private int _line = 1;

    private JsonValues()
    {
    }

    /// <summary>Paths with <c>:</c> to texts. Something empty is an empty text, so that it counts as given; null is null.</summary>
    public IReadOnlyDictionary<string, string?> Values => _values;

    /// <summary>Paths that stand twice, with both lines. The first one's value is the one that was kept.</summary>
    public IReadOnlyList<(string Path, int First, int Second)> Twice => _twice;

    /// <summary>The type of what stands at the path, or null: nothing does.</summary>
    public JsonValueKind? Kind(string path) => _found.TryGetValue(path, out var found) ? found.Kind : null;

    /// <summary>Reads a text.</summary>
    /// <exception cref="FormatException">It is none; the message says in which line, counted from one.</exception>
    public static JsonValues Parse(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var read = new JsonValues();
        var reader = new Utf8JsonReader(bytes, Options);
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new FormatException($"line {read.LineOf(bytes, ref reader)}: one object is expected: {{ … }}.");
            read.ReadObject(bytes, ref reader, null);
            // What comes behind it is an error too.
            reader.Read();
            return read;
        }
        catch (JsonException e)
        {
            throw new FormatException($"line {(e.LineNumber ?? 0) + 1}: {WithoutPlace(e.Message)}", e);
        }
        catch (InvalidOperationException e)
        {
            // Text that is no Unicode: half of a pair of surrogates.
            throw new FormatException($"line {read.LineOf(bytes, ref reader)}: {e.Message}", e);
        }
    }

    // No path: the whole. An empty one is a name too, and must not pass for it.
    private void ReadObject(byte[] bytes, ref Utf8JsonReader reader, string? path)
    {
        var isEmpty = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            isEmpty = false;
            var name = reader.GetString()!;
            var line = LineOf(bytes, ref reader);
            reader.Read();
            ReadValue(bytes, ref reader, path is null ? name : $"{path}:{name}", line);
        }
        if (isEmpty && path is not null)
            _values[path] = "";
    }

    private void ReadValue(byte[] bytes, ref Utf8JsonReader reader, string path, int line)
    {
        var kind = KindOf(reader.TokenType);
        if (!_found.TryAdd(path, (kind, line)))
        {
            _twice.Add((path, _found[path].Line, line));
            reader.Skip();
            return;
        }
        switch (kind)
        {
            case JsonValueKind.Object:
                ReadObject(bytes, ref reader, path);
                break;
            case JsonValueKind.Array:
                var items = 0;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    ReadValue(bytes, ref reader, $"{path}:{items++}", LineOf(bytes, ref reader));
                if (items == 0)
                    _values[path] = "";
                break;
            case JsonValueKind.Null:
                _values[path] = null;
                break;
            case JsonValueKind.String:
                _values[path] = reader.GetString();
                break;
            default:
                _values[path] = Encoding.UTF8.GetString(reader.ValueSpan);
                break;
        }
    }

    private int LineOf(byte[] bytes, ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        _line += bytes.AsSpan(_countedTo..Math.Max(start, _countedTo)).Count((byte)'\n');
        _countedTo = Math.Max(start, _countedTo);
        return _line;
    }

    // The reader's own words end in "LineNumber: 2 | BytePositionInLine: 5.", both counted from zero.
    private static string WithoutPlace(string message) =>
        message.IndexOf(" LineNumber:", StringComparison.Ordinal) is > 0 and var end ? message[..end] : message;

    private static JsonValueKind KindOf(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => JsonValueKind.Object,
        JsonTokenType.StartArray => JsonValueKind.Array,
        JsonTokenType.String => JsonValueKind.String,
        JsonTokenType.Number => JsonValueKind.Number,
        JsonTokenType.True => JsonValueKind.True,
        JsonTokenType.False => JsonValueKind.False,
        _ => JsonValueKind.Null,
    };
}
