using System.Text.Json;
using System.Text.Json.Nodes;

namespace BucketProxy.SystemTest.Cluster;

/// <summary>The settings that all proxies and monitors share.</summary>
internal static class SettingsFile
{
    /// <param name="directory">Where it goes.</param>
    /// <param name="etcd">etcd's endpoints.</param>
    /// <param name="options">The cluster.</param>
    /// <param name="monitor">How monitors are set; null: so that a test is short and safe on a busy machine.</param>
    public static async Task<string> WriteAsync(string directory, string etcd, SystemTestOptions options, JsonObject? monitor = null)
    {
        var settings = new JsonObject
        {
            ["store"] = "etcd",
            ["etcd"] = new JsonObject { ["endpoints"] = etcd },
            // Longer than a load balancer takes to see that a proxy stops.
            ["data"] = new JsonObject { ["drainGrace"] = "2s", ["drainLimit"] = "30s" },
            // Every second server is told by a call, which proves the release; the others follow the assignments in etcd by themselves.
            ["nodes"] = new JsonArray([.. Enumerable.Range(1, options.Nodes).Where(i => i % 2 == 0 && options.HandOff)
                .Select(JsonNode (i) => new JsonObject { ["id"] = $"dtable-server-{i:00}", ["register"] = false, ["release"] = "call" })]),
            ["monitor"] = monitor ?? new JsonObject
            {
                ["minNodes"] = options.Nodes,
                ["retryPause"] = "1s",
                ["restTime"] = "0s",
                ["leaderLease"] = "5s",
                ["leaderMargin"] = "1s",
                // A server that follows the assignments by itself proves nothing; it only has this long. A dozen processes share the machine's cores here, so it gets longer than by default.
                ["settleTime"] = "4s",
                ["parallelMoves"] = 16,
            },
        };
        var path = Path.Combine(directory, "settings.json");
        await File.WriteAllTextAsync(path, settings.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        return path;
    }
}
