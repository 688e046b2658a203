using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Loading;
using BucketProxy.Configuration.Sources;

namespace BucketProxy.Commands.Import;

/// <summary><c>import-nginx</c>: turns an nginx map that splits bases into our settings.</summary>
internal static class ImportNginxCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var file = new Argument<FileInfo>("FILE") { Description = "The nginx.conf of the proxy container." };
        var command = new DescribedCommand(
            "import-nginx",
            "Turn an nginx map that splits bases over servers into a configuration, and say what could not be taken over.",
            "import-nginx nginx-proxy.conf > bucketproxy.json")
        {
            file,
        };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(file), environment));
        return command;
    }

    private static int Run(FileInfo file, CommandEnvironment environment)
    {
        ImportedNginx imported;
        try
        {
            imported = NginxImport.Read(File.ReadAllText(file.FullName, Encoding.UTF8));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or RegexMatchTimeoutException)
        {
            environment.Error.WriteLine($"{file.FullName}: {e.Message}");
            return ExitCode.Failed;
        }
        var text = Write(imported, file.Name);
        // What comes out must be what check-config accepts; a host name that is none, for example, is found here.
        var errors = new List<SettingError>();
        var loaded = FileLayer.Parse("result", text, errors) is { } layer ? SettingsLoader.Load([layer]) : new LoadedSettings(new BucketProxySettings(), [.. errors]);
        if (!loaded.Errors.IsEmpty)
        {
            SettingsFlags.Report(loaded, environment);
            return ExitCode.Failed;
        }
        environment.Output.Profile.Out.Writer.Write(text);
        foreach (var remark in imported.Remarks.Concat(imported.Missed))
            environment.Error.WriteLine(remark);
        environment.Error.WriteLine($"Compared with nginx's own map for {imported.Compared} UUIDs: the same server for each.");
        return imported.Missed.IsEmpty ? ExitCode.Done : ExitCode.Failed;
    }

    private static string Write(ImportedNginx imported, string source)
    {
        var text = new StringBuilder();
        text.Append("// Made from ").Append(source).Append(" by bucketproxy import-nginx.\n{\n");
        text.Append("  \"store\": \"embedded\",\n  \"dataDirectory\": \"bucketproxy-data\",\n\n  \"nodes\": [\n");
        foreach (var (id, url, upstream) in imported.Nodes)
            text.Append("    // upstream ").Append(upstream).Append('\n')
                .Append("    { \"id\": ").Append(Quote(id)).Append(", \"local_node_url\": ").Append(Quote(url)).Append(" },\n");
        text.Append("  ],\n\n  \"placement\": {\n    \"mode\": \"static\",\n    \"ranges\": {\n");
        foreach (var (range, node) in BucketRanges.Of(imported.Owners))
            text.Append("      ").Append(Quote(range)).Append(": ").Append(Quote(node)).Append(",\n");
        text.Append("    },\n  },\n");
        if (imported.Pins.Length > 0)
        {
            text.Append("\n  \"pins\": {\n");
            foreach (var (prefix, node) in imported.Pins)
                text.Append("    ").Append(Quote(prefix)).Append(": ").Append(Quote(node)).Append(",\n");
            text.Append("  },\n");
        }
        if (imported.Settings.Count > 0)
        {
            text.Append("\n  \"data\": {\n");
            foreach (var (key, value) in imported.Settings)
                text.Append("    ").Append(Quote(key["data.".Length..])).Append(": ").Append(Quote(value)).Append(",\n");
            text.Append("  },\n");
        }
        return text.Append("\n  // For operators. Only this machine reaches it.\n  \"admin\": { \"listen\": \"localhost:5555\" },\n}\n").ToString();
    }

    private static string Quote(string text) => JsonSerializer.Serialize(text, Admin.AdminJson.Options);
}
