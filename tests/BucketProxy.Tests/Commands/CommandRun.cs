using BucketProxy.Commands;
using BucketProxy.Commands.Root;
using Spectre.Console;

namespace BucketProxy.Tests.Commands;

/// <summary>One run of the program, in this process.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Error)
{
    public static Task<CommandRun> Of(params string[] arguments) => Of([], arguments);

    public static async Task<CommandRun> Of((string Name, string Value)[] variables, params string[] arguments)
    {
        await using var output = new StringWriter { NewLine = "\n" };
        await using var error = new StringWriter { NewLine = "\n" };
        var environment = new CommandEnvironment
        {
            Output = PlainConsole(output),
            Error = error,
            Variables = variables.ToDictionary(v => v.Name, v => v.Value),
        };
        var code = await CommandLine.RunAsync(arguments, environment);
        return new CommandRun(code, output.ToString(), error.ToString());
    }

    public static IAnsiConsole PlainConsole(TextWriter writer) => CommandEnvironment.Plain(writer);
}
