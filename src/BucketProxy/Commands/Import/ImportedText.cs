using System.Globalization;
using System.Text;
using System.Text.Json;
using BucketProxy.Import;

namespace BucketProxy.Commands.Import;

/// <summary>Writes what was imported as a configuration.</summary>
internal static class ImportedText
{
    /// <param name="imported">What was imported.</param>
    /// <param name="source">The file's name.</param>
    /// <param name="remarks">Gets what could not be taken over as it is.</param>
    public static string Of(ImportedSplit imported, string source, List<string> remarks)
    {
        var ids = imported.Servers.Select((server, i) => (server.Url, Id: string.Create(CultureInfo.InvariantCulture, $"dtable-server-{i + 1:00}"))).ToDictionary(s => s.Url, s => s.Id, StringComparer.Ordinal);
        var text = new StringBuilder();
        text.Append("// Made from ").Append(source).Append(" by bucketproxy import.\n{\n");
        text.Append("  \"store\": \"embedded\",\n  \"dataDirectory\": \"bucketproxy-data\",\n\n  \"nodes\": [\n");
        foreach (var (url, name) in imported.Servers)
        {
            text.Append("    // ").Append(imported.Product).Append(" calls it ").Append(name).Append('\n')
                .Append("    { \"id\": ").Append(Quote(ids[url])).Append(", \"local_node_url\": ").Append(Quote(url)).Append(" },\n");
        }
        text.Append("  ],\n\n  \"placement\": {\n    \"mode\": \"static\",\n    \"ranges\": {\n");
        foreach (var (range, node) in BucketRanges.Of([.. imported.Split.Owners.Select(url => ids[url])]))
            text.Append("      ").Append(Quote(range)).Append(": ").Append(Quote(node)).Append(",\n");
        text.Append("    },\n  },\n");
        if (imported.Split.Pins.Length > 0)
        {
            text.Append("\n  \"pins\": {\n");
            foreach (var (prefix, url) in imported.Split.Pins)
                text.Append("    ").Append(Quote(prefix.ToString())).Append(": ").Append(Quote(ids[url])).Append(",\n");
            text.Append("  },\n");
        }
        text.Append("\n  \"data\": {\n");
        foreach (var (key, value) in ImportedValues.Of(imported.Settings, remarks))
            text.Append("    ").Append(Quote(key)).Append(": ").Append(Quote(value)).Append(",\n");
        return text.Append("  },\n\n  // For operators. Only this machine reaches it.\n  \"admin\": { \"listen\": \"localhost:5555\" },\n}\n").ToString();
    }

    private static string Quote(string text) => JsonSerializer.Serialize(text, Admin.AdminJson.Options);
}
