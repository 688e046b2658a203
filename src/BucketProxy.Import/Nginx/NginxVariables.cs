using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Nginx;

/// <summary>What nginx's variables stand for.</summary>
internal static class NginxVariables
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
}
