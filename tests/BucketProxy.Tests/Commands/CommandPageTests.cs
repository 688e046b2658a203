using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using BucketProxy.Commands;
using BucketProxy.Commands.Root;

namespace BucketProxy.Tests.Commands;

/// <summary>docs/command-line.md says what there is.</summary>
public sealed partial class CommandPageTests
{
    private static readonly string Page = File.ReadAllText(Repository.File("docs", "command-line.md"));

    [Fact]
    public void Page_NamesEveryCommandAndNoOther() => Assert.Equal(
        CommandLine.Create(CommandEnvironment.OfProcess()).Subcommands.Select(c => c.Name).Order(StringComparer.Ordinal),
        CommandRow().Matches(Page).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal));

    [Fact]
    public void Page_NamesEveryExitCodeAndNoOther() => Assert.Equal(
        typeof(ExitCode).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (int)f.GetRawConstantValue()!).Order(),
        CodeRow().Matches(Page).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).Order());

    [GeneratedRegex(@"(?m)^\| `([a-z-]+)` \|")]
    private static partial Regex CommandRow();

    [GeneratedRegex(@"(?m)^\| ([0-9]+) \|")]
    private static partial Regex CodeRow();
}
