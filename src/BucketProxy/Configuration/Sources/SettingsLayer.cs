using System.Text.Json;

namespace BucketProxy.Configuration.Sources;

/// <summary>
/// One source of settings. Layers are stacked; for one value the topmost that has it counts, and a list or a map is taken
/// whole from the topmost layer that mentions it: half a list from here and half from there would be nobody's wish.
/// </summary>
/// <param name="name">What it is, as an error names it: a file's path, <c>environment</c>, <c>command line</c>.</param>
/// <param name="data">Its settings, by paths of <c>:</c>.</param>
/// <param name="spell">How a path is spelled here.</param>
/// <param name="kind">The type of what stands at a path; null: this source knows texts only.</param>
internal sealed class SettingsLayer(string name, IConfiguration data, Func<string, string> spell, Func<string, JsonValueKind?>? kind)
{
    public string Name { get; } = name;

    public IConfiguration Data { get; } = data;

    /// <summary>How an operator finds the setting in this layer.</summary>
    public string Spell(string path) => spell(path);

    /// <summary>The type of what stands at a path; null: nothing does, or this source knows texts only.</summary>
    public JsonValueKind? Kind(string path) => kind?.Invoke(path);

    /// <summary><c>nodes:1:weight</c> as <c>nodes[1].weight</c>.</summary>
    public static string SpellAsFile(string path)
    {
        var spelled = new System.Text.StringBuilder();
        foreach (var part in path.Split(ConfigurationPath.KeyDelimiter))
        {
            if (part.Length > 0 && part.All(char.IsAsciiDigit))
                spelled.Append('[').Append(part).Append(']');
            else
                spelled.Append(spelled.Length > 0 ? "." : "").Append(part.Length > 0 ? part : "\"\"");
        }
        return spelled.ToString();
    }

    /// <summary>A type in an error's words.</summary>
    public static string Word(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "a section",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a switch",
        _ => "null",
    };

    /// <summary>A layer of given values.</summary>
    public static SettingsLayer Of(
        string name, IEnumerable<KeyValuePair<string, string?>> values, Func<string, string>? spell = null, Func<string, JsonValueKind?>? kind = null) =>
        new(name, new ConfigurationBuilder().AddInMemoryCollection(values).Build(), spell ?? SpellAsFile, kind);
}
