using System.Buffers;
using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Caddy;

/// <summary>The named matchers of a site, and what a directive's matcher stands for.</summary>
internal sealed class CaddyMatchers
{
    private static readonly SearchValues<char> NotUnderstood = SearchValues.Create("*?[\\%{");

    private readonly Dictionary<string, CaddyDirective> _named = new(StringComparer.Ordinal);

    public CaddyMatchers(IEnumerable<CaddyDirective> site)
    {
        foreach (var directive in site.SelectMany(All))
        {
            if (directive.Name is ['@', _, ..] && !_named.TryAdd(directive.Name, directive))
                throw directive.Refuse("names a matcher a second time");
        }
    }

    /// <summary>The <c>path</c> matcher: whole paths in any case, with a '*' at either end.</summary>
    public static Decision<bool> Path(IEnumerable<string> paths, CaddyDirective at) =>
        paths.Aggregate(Judgement.No, (found, path) => found.Or(OnePath(path, at)));

    /// <summary>The <c>path_regexp</c> matcher: a pattern, with or without a name in front.</summary>
    public static Decision<bool> PathRegex(IReadOnlyList<string> words, CaddyDirective at) => words.Count is 1 or 2
        ? Judgement.Of(Subject.Path, ConditionPattern.Read(words[^1], anyCase: false, at.Refuse))
        : throw at.Refuse("is not understood");

    /// <summary>Whether a directive is for a request.</summary>
    public Decision<bool> Of(CaddyDirective directive) => directive.Matcher switch
    {
        null or "*" => Judgement.Yes,
        ['@', ..] name => Named(name, directive),
        var path => OnePath(path, directive),
    };

    /// <summary>The one path of a matcher, whatever else it asks for, by which Caddy sorts; null: it has none, or several.</summary>
    public string? SinglePath(CaddyDirective directive) => directive.Matcher switch
    {
        null or "*" => null,
        ['@', ..] name => _named.TryGetValue(name, out var matcher) && Parts(matcher).Where(p => p.Name == "path").SelectMany(p => p.Arguments).ToArray() is [var one] ? one : null,
        var path => path,
    };

    private static IEnumerable<CaddyDirective> All(CaddyDirective directive) => directive.Inside.SelectMany(All).Prepend(directive);

    private static Decision<bool> OnePath(string path, CaddyDirective at)
    {
        if (path == "*")
            return Judgement.Yes;
        var (starts, ends) = (path.StartsWith('*'), path.EndsWith('*'));
        // One star at an end. Several, or one inside, are something else to Caddy: they stop at a slash.
        var text = path[(starts ? 1 : 0)..^(ends ? 1 : 0)];
        if (text.AsSpan().ContainsAny(NotUnderstood))
            throw at.Refuse($"has a path, '{path}', that is not understood");
        var pattern = Judgement.Escape(text);
        return Judgement.Of(Subject.Path, ConditionPattern.Read((starts ? "" : "^") + pattern + (ends ? "" : "$"), anyCase: true, at.Refuse));
    }

    /// <summary>What a named matcher asks for: in braces, on its line, or as an expression alone.</summary>
    private static IReadOnlyList<CaddyDirective> Parts(CaddyDirective matcher) => matcher switch
    {
        { Block: { } lines } => matcher.Words.Count == 1 ? [.. lines] : throw matcher.Refuse("is not understood"),
        { Words: [_, { IsQuoted: true } expression] } => [new CaddyDirective([expression with { Text = "expression", IsQuoted = false }, expression], null)],
        { Words.Count: > 1 } => [new CaddyDirective([.. matcher.Words.Skip(1)], null)],
        _ => throw matcher.Refuse("asks for nothing"),
    };

    private Decision<bool> Named(string name, CaddyDirective user) => _named.TryGetValue(name, out var matcher)
        ? AllOf(Parts(matcher))
        : throw user.Refuse($"goes by {name}, which is not named in this site");

    /// <summary>Different kinds must all hold; of paths, one.</summary>
    private static Decision<bool> AllOf(IReadOnlyList<CaddyDirective> parts)
    {
        // Versions of Caddy differ: the last one counts, or it is a fault.
        if (parts.GroupBy(p => p.Name).FirstOrDefault(g => g.Key is "path_regexp" or "expression" && g.Count() > 1) is { } twice)
            throw twice.Last().Refuse("stands twice in one matcher");
        var paths = parts.Where(p => p.Name == "path").ToArray();
        var result = paths.Length == 0 ? Judgement.Yes : Path(paths.SelectMany(p => p.Arguments), paths[0]);
        return parts.Where(p => p.Name != "path").Aggregate(result, (all, part) => all.And(One(part)));
    }

    private static Decision<bool> One(CaddyDirective part) => part.Name switch
    {
        "path_regexp" => PathRegex([.. part.Arguments], part),
        "expression" => CelReader.Read(string.Join(' ', part.Arguments), part),
        "not" when part.Block is not null || part.Words.Count > 1 => AllOf(part.Block ?? [new CaddyDirective([.. part.Words.Skip(1)], null)]).Not(),
        _ => throw part.Refuse("is a matcher that goes by something else than the address, or is not understood"),
    };
}
