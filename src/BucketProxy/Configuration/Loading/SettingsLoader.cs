using System.Collections;
using System.Collections.Immutable;
using BucketProxy.Configuration.Mapping;
using BucketProxy.Configuration.Reading;
using BucketProxy.Configuration.Rules;
using BucketProxy.Configuration.Sources;

namespace BucketProxy.Configuration.Loading;

/// <summary>What was read.</summary>
/// <param name="Settings">The settings; not to be used when there are errors.</param>
/// <param name="Errors">Everything that is not allowed, in the order found.</param>
internal sealed record LoadedSettings(BucketProxySettings Settings, ImmutableArray<SettingError> Errors);

/// <summary>
/// Reads all settings: files (a later one over an earlier), the environment over them, the command line over all.
/// <c>check-config</c> and <c>serve</c> both come here, so they say the same.
/// </summary>
internal static class SettingsLoader
{
    /// <summary>Reads and checks.</summary>
    /// <param name="files">Paths of JSON files.</param>
    /// <param name="environment">The environment's variables.</param>
    /// <param name="flags">Settings from the command line, by paths of <c>.</c> or <c>:</c>.</param>
    public static LoadedSettings Load(
        IEnumerable<string> files, IDictionary environment, IEnumerable<KeyValuePair<string, string?>> flags)
    {
        var errors = new List<SettingError>();
        List<SettingsLayer> layers = [.. files.Select(f => FileLayer.Read(f, errors)).OfType<SettingsLayer>()];
        // A file that cannot be read leaves nothing to judge the rest by.
        if (errors.Count > 0)
            return new LoadedSettings(new BucketProxySettings(), [.. errors]);
        layers.Add(OpenTelemetryLayer.Read(environment));
        layers.Add(EnvironmentLayer.Read(environment, errors));
        KeyValuePair<string, string?>[] given = [.. flags];
        foreach (var twice in given.GroupBy(f => Path(f.Key), StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1))
            errors.Add(new SettingError("command line", SettingsLayer.SpellAsFile(twice.Key), null, "is given more than once; allowed: once."));
        layers.Add(CommandLine(given));
        var loaded = Load(layers);
        return loaded with { Errors = [.. errors, .. loaded.Errors] };
    }

    /// <summary>The layer of the command line.</summary>
    /// <param name="flags">Settings by paths of <c>.</c> or <c>:</c>. Of those that are given more than once, the first counts.</param>
    public static SettingsLayer CommandLine(IEnumerable<KeyValuePair<string, string?>> flags) =>
        SettingsLayer.Of("command line", flags.Select(f => KeyValuePair.Create(Path(f.Key), f.Value)).DistinctBy(f => f.Key, StringComparer.OrdinalIgnoreCase));

    /// <summary><c>nodes[1].weight</c> as <c>nodes:1:weight</c>.</summary>
    private static string Path(string spelled) => spelled
        .Replace('.', ':').Replace('[', ':').Replace("]", "", StringComparison.Ordinal);

    /// <inheritdoc cref="Load(IEnumerable{string}, IDictionary, IEnumerable{KeyValuePair{string, string?}})"/>
    internal static LoadedSettings Load(IReadOnlyList<SettingsLayer> layers)
    {
        var errors = new List<SettingError>();
        var settings = new SettingsReader(layers, errors).Read();
        new SettingsRules(settings, new SettingsOrigins(layers, errors)).Check();
        // The parts check what they are given once more. Nothing should be left for them to find: if there is, it is said here,
        // before anything has started, and not by an exception in the middle.
        if (errors.Count == 0)
            errors.AddRange(SettingsMapping.Problems(settings).Select(p => new SettingError(null, null, null, p)));
        return new LoadedSettings(settings, [.. errors]);
    }
}
