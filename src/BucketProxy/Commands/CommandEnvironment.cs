using System.Collections;
using Spectre.Console;

namespace BucketProxy.Commands;

/// <summary>What commands use of the outside, so that tests can put their own in its place.</summary>
internal sealed record CommandEnvironment
{
    /// <summary>For what was asked for.</summary>
    public required IAnsiConsole Output { get; init; }

    /// <summary>For what went wrong.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>The environment's variables.</summary>
    public required IDictionary Variables { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The process's own.</summary>
    public static CommandEnvironment OfProcess()
    {
        return new CommandEnvironment
        {
            Output = Console.IsOutputRedirected ? Plain(Console.Out) : AnsiConsole.Console,
            Error = Console.Error,
            Variables = Environment.GetEnvironmentVariables(),
        };
    }

    /// <summary>Text alone, however the terminal is called: for pipes and files.</summary>
    public static IAnsiConsole Plain(TextWriter writer)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        // A pipe has no width: a table that a script reads must not be folded.
        console.Profile.Width = UnfoldedWidth;
        return console;
    }

    private const int UnfoldedWidth = 1000;

    /// <summary>A variable's value, or null when it is not set or empty.</summary>
    public string? Variable(string name) => Variables[name] is string { Length: > 0 } value ? value : null;

    /// <summary>Writes a line as it is: no wrapping, no markup.</summary>
    public void WriteLine(string line) => Output.Profile.Out.Writer.WriteLine(line);
}
