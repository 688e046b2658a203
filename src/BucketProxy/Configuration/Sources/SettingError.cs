using System.Globalization;
using System.Text.RegularExpressions;

namespace BucketProxy.Configuration.Sources;

/// <summary>Something in the settings that is not allowed.</summary>
/// <param name="Source">The layer it stands in, or null: it stands nowhere and should.</param>
/// <param name="Key">The key as spelled there, or null: the whole source.</param>
/// <param name="Value">The value, or null where there is none to show. Never a secret.</param>
/// <param name="Problem">What is wrong, and what is allowed.</param>
internal sealed partial record SettingError(string? Source, string? Key, string? Value, string Problem)
{
    // An address may hold a name and a password, each with '@' and '/' in it.
    [GeneratedRegex("^([a-z]+://)?.*@", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Credentials { get; }

    /// <summary>One line: where, what, what is allowed. Of a value with <c>@</c>, what stands before it is not shown.</summary>
    public override string ToString() => OneLine(Text());

    private string Text()
    {
        var where = (Source, Key) switch
        {
            ({ } source, { } key) => $"{source}: {key}",
            _ => Source ?? Key,
        };
        if (where is null)
            return Problem;
        return Value is null ? $"{where}: {Problem}" : $"{where}: \"{Credentials.Replace(Value, "$1***@")}\" {Problem}";
    }

    // A line end in a value would make two errors of one, and a terminal obeys other control characters.
    private static string OneLine(string text) => text.Any(char.IsControl)
        ? string.Concat(text.Select(c => char.IsControl(c) ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : c.ToString()))
        : text;
}
