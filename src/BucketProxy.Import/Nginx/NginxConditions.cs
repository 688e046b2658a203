using BucketProxy.Import.Patterns;
using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Nginx;

/// <summary>Makes conditions of nginx's variables and patterns.</summary>
internal static class NginxConditions
{
    /// <summary>The text of a request that a variable stands for; null: it is another kind of variable.</summary>
    public static (Subject Subject, string? Argument)? SubjectOf(string variable) => variable switch
    {
        "request_uri" => (Subject.Target, null),
        "uri" or "document_uri" => (Subject.Path, null),
        "args" or "query_string" => (Subject.Query, null),
        _ when variable.StartsWith("arg_", StringComparison.Ordinal) && variable.Length > 4 => (Subject.Argument, variable[4..]),
        _ => null,
    };

    /// <summary>The name in <c>$name</c> or <c>${name}</c>; null: it is no variable alone.</summary>
    public static string? Variable(string word)
    {
        if (!word.StartsWith('$'))
            return null;
        var name = word[1..];
        if (name.StartsWith('{') && name.EndsWith('}'))
            name = name[1..^1];
        return name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? name : null;
    }

    /// <summary>A pattern as nginx writes it in maps and locations, without its <c>~</c> or <c>~*</c>.</summary>
    public static Automaton Pattern(string pattern, bool anyCase, NginxDirective at)
    {
        try
        {
            return Automaton.Search(pattern, anyCase);
        }
        catch (PatternException e)
        {
            throw at.Refuse($"has a pattern that cannot be read: {e.Message}");
        }
    }
}
