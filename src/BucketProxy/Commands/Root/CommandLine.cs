using System.CommandLine;
using System.CommandLine.Invocation;
using BucketProxy.Admin;
using BucketProxy.Commands.Client;
using BucketProxy.Commands.Import;
using BucketProxy.Commands.Simulation;

namespace BucketProxy.Commands.Root;

/// <summary>The program's commands.</summary>
internal static class CommandLine
{
    // demo and emulator let requests in flight run out; what ends that in the end is a limit of their own, not this.
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromHours(2);

    public static RootCommand Create(CommandEnvironment environment)
    {
        var root = new RootCommand(
            "BucketProxy: every request for a SeaTable base reaches the one dtable-server that owns it.")
        {
            ServeCommand.Create(environment),
            DemoCommand.Create(environment),
            CheckConfigCommand.Create(environment),
            EmulatorCommand.Create(environment),
            ReadCommands.Status(environment),
            ReadCommands.Health(environment),
            ReadCommands.Nodes(environment),
            ReadCommands.Route(environment),
            ReadCommands.Moves(environment),
            ReadCommands.Audit(environment),
            WatchCommand.Create(environment),
            RebalanceCommand.Create(environment),
            SimulateCommand.Create(environment),
            ImportCommand.Create(environment),
        };
        foreach (var order in OrderCommands.All(environment))
            root.Add(order);
        root.Add(CompletionCommand.Create(environment));
        DescribedCommand.ShowExamples(root);
        root.Options.OfType<VersionOption>().Single().Action = new ShowVersion();
        return root;
    }

    /// <summary>Runs one command.</summary>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] arguments, CommandEnvironment environment, CancellationToken cancel = default)
    {
        var parsed = Create(environment).Parse(arguments);
        var configuration = new InvocationConfiguration
        {
            Output = environment.Output.Profile.Out.Writer,
            Error = environment.Error,
            // The host of serve hears signals itself.
            ProcessTerminationTimeout = parsed.CommandResult.Command.Name == ServeCommand.Name ? null : TerminationTimeout,
        };
        var code = await parsed.InvokeAsync(configuration, cancel);
        return code != ExitCode.Done && parsed.Errors.Count > 0 ? ExitCode.Usage : code;
    }

    // What the status says of the same build. The framework's own reads the entry assembly and shows the commit, where there is one.
    private sealed class ShowVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(AdminContext.Version);
            return ExitCode.Done;
        }
    }
}
