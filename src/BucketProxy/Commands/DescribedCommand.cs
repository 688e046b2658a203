using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace BucketProxy.Commands;

/// <summary>A command whose <c>--help</c> ends with examples.</summary>
internal sealed class DescribedCommand(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Arguments behind the program's name.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>Makes every command's help end with its examples.</summary>
    public static void ShowExamples(RootCommand root)
    {
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            if (help.Action is HelpAction standard)
                help.Action = new WithExamples(standard);
        }
    }

    private sealed class WithExamples(HelpAction standard) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var code = standard.Invoke(parseResult);
            if (parseResult.CommandResult.Command is DescribedCommand { Examples.Count: > 0 } command)
            {
                var output = parseResult.InvocationConfiguration.Output;
                output.WriteLine("Examples:");
                foreach (var example in command.Examples)
                    output.WriteLine($"  bucketproxy {example}");
                output.WriteLine();
            }
            return code;
        }
    }
}
