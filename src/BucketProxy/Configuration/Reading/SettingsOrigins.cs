using BucketProxy.Configuration.Sources;

namespace BucketProxy.Configuration.Reading;

/// <summary>Where a setting came from, so that an error about several settings still points at a line to change.</summary>
/// <param name="layers">From the lowest to the topmost.</param>
/// <param name="errors">Where errors go.</param>
internal sealed class SettingsOrigins(IReadOnlyList<SettingsLayer> layers, ICollection<SettingError> errors)
{
    /// <summary>Whether any layer says anything at or under the path.</summary>
    public bool IsGiven(string path) => Find(path) is not null;

    /// <summary>Reports a setting (path with <c>:</c>) where it stands.</summary>
    public void Report(string path, string? value, string problem)
    {
        var layer = Find(path);
        errors.Add(new SettingError(layer?.Name, layer?.Spell(path) ?? SettingsLayer.SpellAsFile(path), value, problem));
    }

    private SettingsLayer? Find(string path) => layers.LastOrDefault(l => l.Data.GetSection(path).Exists());
}
