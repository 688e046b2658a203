using System.CommandLine;

namespace BucketProxy.Commands;

/// <summary><c>--set KEY=VALUE</c>: single settings on the command line.</summary>
/// <param name="description">What they stand over.</param>
internal sealed class SetFlag(string description)
{
    private readonly Option<string[]> _option = new("--set") { Description = description, HelpName = "KEY=VALUE" };

    /// <summary>Adds the flag to a command.</summary>
    public SetFlag AddTo(Command command)
    {
        command.Add(_option);
        _option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(t => t.Value.IndexOf('=', StringComparison.Ordinal) <= 0))
                result.AddError($"--set '{token.Value}' is not allowed; allowed: KEY=VALUE, for example data.holdTime=30s.");
        });
        return this;
    }

    /// <summary>What is set, in the order given.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Read(ParseResult parsed) => (parsed.GetValue(_option) ?? []).Select(Split);

    private static KeyValuePair<string, string?> Split(string pair)
    {
        var at = pair.IndexOf('=', StringComparison.Ordinal);
        return KeyValuePair.Create<string, string?>(pair[..at], pair[(at + 1)..]);
    }
}
