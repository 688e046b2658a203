using System.Text.Json;

namespace BucketProxy.Configuration.Sources;

/// <summary>
/// SeaTable's own <c>dtable_server_config.json</c>. It is another program's file: of all it may hold, only where etcd is
/// concerns us, and a key we do not know is no error.
/// </summary>
internal static class SeaTableFile
{
    private const string Section = "cluster_config";
    private const string List = "etcd_host_list";
    private const string Single = "etcd_host";

    public static bool IsOne(SettingsLayer file) => file.Kind(Section) is not (null or JsonValueKind.Null);

    /// <summary>Whether what stands at a path is read here.</summary>
    public static bool Concerns(string path) => path.Split(ConfigurationPath.KeyDelimiter) is [var section, .. var inside]
        && Is(section, Section) && (inside is [] || Is(inside[0], List) || Is(inside[0], Single));

    /// <summary>The store and its endpoints, as if our own file had said them.</summary>
    public static SettingsLayer? Read(SettingsLayer file, ICollection<SettingError> errors)
    {
        if (!HasTypes(file, errors))
            return null;
        var section = file.Data.GetSection(Section);
        var key = section.GetSection(List).Exists() ? List : Single;
        // Either key may hold a list or one text with commas: both are seen in the field.
        string[] hosts =
        [
            .. section.GetSection(key).GetChildren().Select(c => c.Value).Prepend(section[key])
                .SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)),
        ];
        if (hosts.Length == 0)
        {
            errors.Add(new SettingError(file.Name, $"{Section}.{List}", null,
                $"is missing: a SeaTable file must name the etcd members here (older ones: {Section}.{Single})"));
            return null;
        }
        var values = hosts.Select((host, i) => KeyValuePair.Create($"etcd:endpoints:{i}", (string?)host))
            .Append(KeyValuePair.Create("store", (string?)"etcd"));
        return SettingsLayer.Of(file.Name, values, spelled => spelled.StartsWith("etcd:endpoints", StringComparison.OrdinalIgnoreCase)
            ? SettingsLayer.SpellAsFile($"{Section}:{key}{spelled["etcd:endpoints".Length..]}")
            : Section);
    }

    // A number would pass for the name of a machine.
    private static bool HasTypes(SettingsLayer file, ICollection<SettingError> errors)
    {
        var before = errors.Count;
        Expect(Section, "a section is expected: { … }.", JsonValueKind.Object);
        foreach (var key in new[] { $"{Section}:{List}", $"{Section}:{Single}" })
        {
            const string expected = "a list of texts is expected, each host or host:port.";
            Expect(key, expected, JsonValueKind.Array, JsonValueKind.String);
            if (file.Kind(key) != JsonValueKind.Array)
                continue;
            foreach (var item in file.Data.GetSection(key).GetChildren())
                Expect(item.Path, "text is expected: host or host:port.", JsonValueKind.String);
        }
        return errors.Count == before;

        void Expect(string path, string expected, params ReadOnlySpan<JsonValueKind> allowed)
        {
            // A key with null is as good as none; an item of a list is not.
            if (file.Kind(path) is { } kind && !allowed.Contains(kind) && (kind != JsonValueKind.Null || allowed is [JsonValueKind.String]))
            {
                var value = kind is JsonValueKind.Object or JsonValueKind.Array ? null : file.Data[path];
                errors.Add(new SettingError(file.Name, SettingsLayer.SpellAsFile(path), value, $"is {SettingsLayer.Word(kind)}; {expected}"));
            }
        }
    }

    private static bool Is(string name, string key) => string.Equals(name, key, StringComparison.OrdinalIgnoreCase);
}
