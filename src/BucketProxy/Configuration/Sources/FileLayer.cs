using System.Text;
using System.Text.Json;

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
        IConfigurationRoot data;
        try
        {
            data = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(text))).Build();
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or JsonException)
        {
            errors.Add(new SettingError(path, null, null, $"is no JSON that settings can be read from: {Innermost(e).Message}"));
            return null;
        }
        return SeaTableFile.IsOne(data)
            ? SeaTableFile.Read(path, data, errors)
            : new SettingsLayer(path, data, SettingsLayer.SpellAsFile);
    }

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;
}
