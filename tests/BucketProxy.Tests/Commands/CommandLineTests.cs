using BucketProxy.Commands;
using BucketProxy.Commands.Root;

namespace BucketProxy.Tests.Commands;

public sealed class CommandLineTests
{
    public static TheoryData<string> CommandNames =>
        [.. CommandLine.Create(CommandEnvironment.OfProcess()).Subcommands.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(CommandNames))]
    public async Task Help_OfEveryCommand_EndsWithExamplesOfThatCommand(string name)
    {
        var run = await CommandRun.Of(name, "--help");
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        Assert.Contains($"Examples:\n  bucketproxy {name}", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(CommandNames))]
    public void Examples_OfEveryCommand_AreCommandLinesThatParse(string name)
    {
        var root = CommandLine.Create(CommandEnvironment.OfProcess());
        var command = Assert.IsType<DescribedCommand>(root.Subcommands.Single(c => c.Name == name));
        foreach (var example in command.Examples)
            Assert.Empty(root.Parse(example.Split(" > ")[0]).Errors);
    }

    [Fact]
    public async Task Run_UnknownCommand_IsAWrongCommandLine()
    {
        var run = await CommandRun.Of("sevre");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("sevre", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Completion_Suggest_NamesCommandsThatBeginSo()
    {
        var run = await CommandRun.Of("[suggest:18]", "bucketproxy check-");
        Assert.Equal("check-config", run.Output.Trim());
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _bucketproxy bucketproxy")]
    [InlineData("zsh", "compdef _bucketproxy bucketproxy")]
    [InlineData("fish", "complete -c bucketproxy")]
    public async Task Completion_OfEachShell_IsPrinted(string shell, string expected)
    {
        var run = await CommandRun.Of("completion", shell);
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Contains(expected, run.Output, StringComparison.Ordinal);
    }
}
