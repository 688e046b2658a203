using System.CommandLine;
using BucketProxy.Composition;
using BucketProxy.Configuration;
using BucketProxy.Demo;
using BucketProxy.Gateway;
using BucketProxy.Gateway.Hosting;

namespace BucketProxy.Commands;

/// <summary><c>demo</c>: everything in one process, under load, judged at the end.</summary>
internal static class DemoCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var once = new Option<bool>("--once") { Description = "Ten seconds or so: a node is taken away and brought back, then a verdict. Exit code 0 only if nothing failed." };
        var port = new Option<int>("--port") { Description = "The data port; 0 takes a free one. Default: 5550, or a free one if that is taken.", HelpName = "PORT", DefaultValueFactory = _ => 5550 };
        var adminPort = new Option<int>("--admin-port") { Description = "The operators' port; as --port. Default: 5555.", HelpName = "PORT", DefaultValueFactory = _ => 5555 };
        var command = new DescribedCommand(
            "demo",
            "Show it all in one process: proxy, monitor, three stateful servers, clients; a server is drained, stopped and brought back under load.",
            "demo --once",
            "demo")
        {
            once, port, adminPort,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            ProcessTuning.Apply(new GatewayOptions());
            using var loggers = Logs.Create(new LoggingSettings { Level = LogThreshold.Error });
            var options = new DemoOptions
            {
                Once = parsed.GetValue(once),
                Port = FreePort.OrAny(parsed.GetValue(port)),
                AdminPort = FreePort.OrAny(parsed.GetValue(adminPort)),
            };
            return await new DemoRunner(options, environment.Output, environment.Time, loggers).RunAsync(cancel);
        });
        return command;
    }
}
