using System.Globalization;
using BucketProxy.Configuration.Loading;
using BucketProxy.Configuration.Sources;

namespace BucketProxy.Demo;

/// <summary>The settings of the demonstration: what a user would put into a file, and under what is set on the command line.</summary>
internal static class DemoSettings
{
    // Without them it would not be the demonstration; and a store that others use is none to play with.
    private static readonly string[] Own = ["store", "dataDirectory", "roles", "nodes", "gate"];

    /// <summary>The nodes in this process.</summary>
    public static IReadOnlyList<string> Nodes { get; } = ["dtable-server-01", "dtable-server-02"];

    /// <summary>The node behind the gate.</summary>
    public static string GatedNode => "dtable-server-03";

    /// <summary>Reads and checks. Where the nodes listen, what the gate runs and where the data lies is known when it runs.</summary>
    /// <param name="port">The data port, unless <paramref name="set"/> says another one.</param>
    /// <param name="adminPort">The operators' port, likewise.</param>
    /// <param name="set">Settings from the command line, as <see cref="SettingsLoader"/> takes them.</param>
    public static LoadedSettings Load(int port, int adminPort, IEnumerable<KeyValuePair<string, string?>> set)
    {
        var given = set.ToLookup(s => Own.Contains(s.Key.Split('.', ':', '[')[0], StringComparer.OrdinalIgnoreCase));
        var commandLine = SettingsLoader.CommandLine(given[false]);
        var loaded = SettingsLoader.Load([SettingsLayer.Of("demo", Values(port, adminPort)), commandLine]);
        var refused = given[true].Select(s => new SettingError(
            commandLine.Name, s.Key, s.Value, $"is not allowed: the demonstration has its own {string.Join(", ", Own)}."));
        return loaded with { Errors = [.. refused, .. loaded.Errors] };
    }

    private static Dictionary<string, string?> Values(int port, int adminPort)
    {
        var values = new Dictionary<string, string?>
        {
            ["store"] = "embedded",
            ["cluster"] = "demo",
            ["data:listen"] = Loopback(port),
            // Nothing stands in front of it.
            ["data:drainGrace"] = "0s",
            ["admin:listen"] = Loopback(adminPort),
            ["roles"] = "proxy,monitor,gate",
            ["gate:node"] = GatedNode,
            ["gate:advertise"] = "http://127.0.0.1/",
            ["monitor:minNodes"] = (Nodes.Count + 1).ToString(CultureInfo.InvariantCulture),
            ["logging:level"] = "error",
            // It moves some hundred buckets a minute, and its store is in memory.
            ["monitor:auditRetention"] = "1h",
        };
        foreach (var (index, id) in Nodes.Index())
        {
            values[$"nodes:{index}:id"] = id;
            values[$"nodes:{index}:local_node_url"] = "http://127.0.0.1/";
            // Because the emulated nodes answer it: a proven release.
            values[$"nodes:{index}:release"] = "call";
        }
        return values;
    }

    private static string Loopback(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
