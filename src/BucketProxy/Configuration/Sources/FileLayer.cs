using System.Text;

namespace BucketProxy.Configuration.Sources;

/// <summary>A JSON file; comments and trailing commas are allowed.</summary>
internal static class FileLayer
{
    /// <summary>Reads the file.</summary>
    /// <returns>The layer; null with an error when it cannot be read.</returns>
    public static SettingsLayer? Read(string path, ICollection<SettingError> errors)
    {
        string text;
        try
        {
            text = File.ReadAllText(path, Encoding.UTF8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(new SettingError(path, null, null, $"cannot be read: {e.Message}"));
            return null;
        }
        return Parse(path, text, errors);
    }

    /// <inheritdoc cref="Read"/>
    internal static SettingsLayer? Parse(string path, string text, ICollection<SettingError> errors)
    {
        JsonValues json;
        try
        {
            json = JsonValues.Parse(text);
        }
        catch (FormatException e)
        {
            errors.Add(new SettingError(path, null, null, $"is no JSON that settings can be read from: {e.Message}"));
            return null;
        }
        var layer = SettingsLayer.Of(path, json.Values, kind: json.Kind);
        var isSeaTables = SeaTableFile.IsOne(layer);
        foreach (var (twice, first, second) in json.Twice.Where(t => !isSeaTables || SeaTableFile.Concerns(t.Path)))
        {
            errors.Add(new SettingError(path, SettingsLayer.SpellAsFile(twice), null,
                $"stands in line {first} and again in line {second}; allowed: once."));
        }
        return isSeaTables ? SeaTableFile.Read(layer, errors) : layer;
    }
}
