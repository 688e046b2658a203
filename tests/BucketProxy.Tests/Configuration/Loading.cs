using BucketProxy.Configuration;
using BucketProxy.Configuration.Loading;

namespace BucketProxy.Tests.Configuration;

/// <summary>Loads settings from texts.</summary>
internal static class Loading
{
    public const string OneNode = """
        "store": "embedded", "nodes": [ { "id": "dtable-server-01", "local_node_url": "http://10.0.0.4:5000" } ]
        """;

    public static LoadedSettings File(string json, params (string Name, string Value)[] environment) =>
        Layers([("test.json", json)], environment, []);

    public static LoadedSettings Layers(
        (string Name, string Json)[] files, (string Name, string Value)[] environment, (string Key, string Value)[] flags)
    {
        var folder = Directory.CreateTempSubdirectory("bucketproxy-settings-");
        try
        {
            foreach (var (name, json) in files)
                System.IO.File.WriteAllText(Path.Combine(folder.FullName, name), json);
            var loaded = SettingsLoader.Load(
                files.Select(f => Path.Combine(folder.FullName, f.Name)),
                environment.ToDictionary(e => e.Name, e => e.Value),
                flags.Select(f => KeyValuePair.Create(f.Key, (string?)f.Value)));
            return loaded with { Errors = [.. loaded.Errors.Select(e => e with { Source = Path.GetFileName(e.Source) })] };
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The settings of a file that must be good.</summary>
    public static BucketProxySettings Good(string json, params (string Name, string Value)[] environment)
    {
        var loaded = File(json, environment);
        Assert.Empty(loaded.Errors.Select(e => e.ToString()));
        return loaded.Settings;
    }

    /// <summary>The errors, as lines.</summary>
    public static string[] Errors(string json, params (string Name, string Value)[] environment) =>
        [.. File(json, environment).Errors.Select(e => e.ToString())];
}
