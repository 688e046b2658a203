using System.CommandLine;

namespace BucketProxy.Commands;

/// <summary><c>serve</c>: the real thing.</summary>
internal static class ServeCommand
{
    /// <summary>The command's name.</summary>
    public const string Name = "serve";

    public static Command Create(CommandEnvironment environment)
    {
        var command = new DescribedCommand(
            Name,
            "Run a proxy, a monitor, or both, until told to stop. SIGTERM lets requests in flight run out.",
            "serve --config config/single-machine.json",
            "serve --config dtable_server_config.json",
            "serve --config cluster.json --roles monitor");
        var flags = new SettingsFlags().AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var loaded = flags.Load(parsed, environment);
            if (loaded.Errors.IsEmpty)
                return await ServeRunner.RunAsync(loaded.Settings, environment, cancel);
            SettingsFlags.Report(loaded, environment);
            return ExitCode.BadSettings;
        });
        return command;
    }
}
