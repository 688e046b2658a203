using System.CommandLine;
using BucketProxy.Configuration.Mapping;
using BucketProxy.Demo;
using BucketProxy.Gateway.Hosting;

namespace BucketProxy.Commands;

/// <summary><c>demo</c>: everything in one process but the server that is killed, under load, judged at the end.</summary>
internal static class DemoCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var once = new Option<bool>("--once") { Description = "Twenty seconds or so: a server is taken away and brought back, another one killed, then a verdict. Exit code 0 only if nothing failed or was lost." };
        var port = new Option<int>("--port") { Description = "The data port; 0 takes a free one. Default: 5550, or a free one if that is taken.", HelpName = "PORT", DefaultValueFactory = _ => 5550 };
        var adminPort = new Option<int>("--admin-port") { Description = "The operators' port; as --port. Default: 5555.", HelpName = "PORT", DefaultValueFactory = _ => 5555 };
        var command = new DescribedCommand(
            "demo",
            "Show it all: proxy, monitor, gate, three stateful servers, clients; under load a server is drained, stopped and brought back, and another one killed.",
            "demo --once",
            "demo",
            "demo --set data.holdTime=30s --set logging.level=information")
        {
            once, port, adminPort,
        };
        var set = new SetFlag("A single setting, as for serve, over the demonstration's own; repeatable.").AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            if (!OperatingSystem.IsLinux())
            {
                await environment.Error.WriteLineAsync("The demonstration needs Linux: its gate makes sure of a server's death by what only Linux has. On another system, run it in a container.");
                return ExitCode.Failed;
            }
            var loaded = DemoSettings.Load(FreePort.OrAny(parsed.GetValue(port)), FreePort.OrAny(parsed.GetValue(adminPort)), set.Read(parsed));
            if (!loaded.Errors.IsEmpty)
            {
                SettingsFlags.Report(loaded, environment);
                return ExitCode.BadSettings;
            }
            // Before the first socket of the process is opened.
            ProcessTuning.Apply(loaded.Settings.ToGatewayOptions());
            var options = new DemoOptions { Once = parsed.GetValue(once), Settings = loaded.Settings };
            try
            {
                return await new DemoRunner(options, environment.Output, environment.Time, environment.Variables).RunAsync(cancel);
            }
            catch (Exception e) when (StartFailure.IsOperators(e))
            {
                // A port of --set that is taken, or not for everyone.
                await environment.Error.WriteLineAsync(StartFailure.Line(e));
                return ExitCode.Failed;
            }
        });
        return command;
    }
}
