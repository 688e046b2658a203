
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

    public static bool IsOne(IConfiguration data) => data.GetSection(Section).Exists();

    /// <summary>The store and its endpoints, as if our own file had said them.</summary>
    public static SettingsLayer? Read(string path, IConfiguration data, ICollection<SettingError> errors)
    {
        var section = data.GetSection(Section);
        var key = section.GetSection(List).Exists() ? List : Single;
        // Either key may hold a list or one text with commas: both are seen in the field.
        string[] hosts =
        [
            .. section.GetSection(key).GetChildren().Select(c => c.Value).Prepend(section[key])
                .SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)),
        ];
        if (hosts.Length == 0)
        {
            errors.Add(new SettingError(path, $"{Section}.{List}", null,
                $"is missing: a SeaTable file must name the etcd members here (older ones: {Section}.{Single})"));
            return null;
        }
        var values = hosts.Select((host, i) => KeyValuePair.Create($"etcd:endpoints:{i}", (string?)host))
            .Append(KeyValuePair.Create("store", (string?)"etcd"));
        return SettingsLayer.Of(path, values, spelled => spelled.StartsWith("etcd:endpoints", StringComparison.OrdinalIgnoreCase)
            ? SettingsLayer.SpellAsFile($"{Section}:{key}{spelled["etcd:endpoints".Length..]}")
            : Section);
    }
}
