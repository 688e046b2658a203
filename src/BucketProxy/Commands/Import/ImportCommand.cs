using System.CommandLine;
using System.Text;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Loading;
using BucketProxy.Configuration.Sources;
using BucketProxy.Import;
using BucketProxy.Import.Splits;

namespace BucketProxy.Commands.Import;

/// <summary><c>import</c>: turns an nginx configuration or a Caddyfile that splits bases into our settings.</summary>
internal static class ImportCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var file = new Argument<FileInfo>("FILE") { Description = "The nginx.conf or Caddyfile of the proxy container." };
        var command = new DescribedCommand(
            "import",
            "Turn an nginx configuration or a Caddyfile that splits bases over servers into a configuration. Proves that every base keeps its server, or makes none.",
            "import nginx-proxy.conf > bucketproxy.json",
            "import Caddyfile > bucketproxy.json")
        {
            file,
        };
        command.Aliases.Add("import-nginx");
        command.SetAction(parsed => Run(parsed.GetRequiredValue(file), environment));
        return command;
    }

    private static int Run(FileInfo file, CommandEnvironment environment)
    {
        ImportedSplit imported;
        try
        {
            imported = SplitImport.Read(File.ReadAllText(file.FullName, Encoding.UTF8), file.DirectoryName!);
        }
        catch (ImportException e)
        {
            environment.Error.WriteLine($"{file.FullName}: NOT TAKEN OVER: {e.Message}.");
            return ExitCode.Failed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            environment.Error.WriteLine($"{file.FullName}: {e.Message}");
            return ExitCode.Failed;
        }
        var remarks = imported.Remarks.ToList();
        var text = ImportedText.Of(imported, file.Name, remarks);
        // What comes out must be what check-config accepts; a host name that is none, for example, is found here.
        var errors = new List<SettingError>();
        var loaded = FileLayer.Parse("result", text, errors) is { } layer ? SettingsLoader.Load([layer]) : new LoadedSettings(new BucketProxySettings(), [.. errors]);
        if (!loaded.Errors.IsEmpty)
        {
            SettingsFlags.Report(loaded, environment);
            return ExitCode.Failed;
        }
        environment.Output.Profile.Out.Writer.Write(text);
        foreach (var remark in remarks)
            environment.Error.WriteLine(remark);
        environment.Error.WriteLine(
            $"Proven for every UUID, in {imported.Split.Shapes} kinds of request of SeaTable's programs: a base has the same server here as with {imported.Product}.");
        return ExitCode.Done;
    }
}
