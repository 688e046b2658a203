using BucketProxy.Import.Patterns;
using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Nginx;

/// <summary>The values that variables may have: those of an nginx <c>map</c>. Whole texts first, then patterns in their order, then the default.</summary>
internal sealed class NginxMaps
{
    private const int MaxChain = 8;

    private readonly Dictionary<string, NginxDirective> _maps = new(StringComparer.OrdinalIgnoreCase);

    public NginxMaps(IEnumerable<NginxDirective> http)
    {
        foreach (var map in http.Where(d => d.Name == "map"))
        {
            if (map is not { Parameters: [_, var variable], Block: not null } || NginxVariables.Variable(variable) is not { } name)
                throw map.Refuse("is no map");
            if (NginxVariables.SubjectOf(name) is not null)
                throw map.Refuse($"makes ${name}, which nginx has of its own");
            _maps[name] = map;
        }
    }

    /// <summary>A group with a name sets a variable of that name wherever its pattern is found, in a server's name too.</summary>
    /// <exception cref="ImportException">One of them is a map's.</exception>
    public void CheckGroups(IEnumerable<NginxDirective> directives)
    {
        foreach (var directive in directives)
        {
            foreach (var word in directive.Parameters.Prepend(directive.Name))
            {
                if (_maps.Keys.FirstOrDefault(name => word.Contains($"<{name}>", StringComparison.OrdinalIgnoreCase) || word.Contains($"'{name}'", StringComparison.OrdinalIgnoreCase)) is { } name)
                    throw directive.Refuse($"sets ${name} by a group's name, and a map makes it as well");
            }
            CheckGroups(directive.Inside);
        }
    }

    /// <summary>A text in which variables stand, as they stand.</summary>
    public Decision<string> Expand(string text, NginxDirective at) => Expand(text, at, depth: 0);

    private Decision<string> Expand(string text, NginxDirective at, int depth)
    {
        var dollar = text.IndexOf('$', StringComparison.Ordinal);
        if (dollar < 0)
            return new Decision<string>.Is(text);
        var end = dollar + 1;
        if (end < text.Length && text[end] == '{')
            end = text.IndexOf('}', end) + 1;
        else
            while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
                end++;
        if (end <= dollar + 1 || NginxVariables.Variable(text[dollar..end]) is not { } name)
            throw at.Refuse($"has a '$' that begins no variable");
        var (before, behind) = (text[..dollar], text[end..]);
        return Value(name, at, depth).Then(value => Expand(behind, at, depth).Then(rest => (Decision<string>)new Decision<string>.Is(before + value + rest)));
    }

    private Decision<string> Value(string name, NginxDirective at, int depth)
    {
        if (!_maps.TryGetValue(name, out var map))
            throw at.Refuse($"goes by ${name}, and no map of this file makes it");
        if (depth == MaxChain)
            throw at.Refuse("goes by maps that go by maps without end");
        if (NginxVariables.Variable(map.Parameters[0]) is not { } source)
            throw map.Refuse("goes by more than one variable");
        if (NginxVariables.SubjectOf(source) is { } subject)
            return Judge(map, pattern => new Condition(subject.Subject, subject.Argument, pattern), depth);
        if (!_maps.ContainsKey(source))
            throw map.Refuse($"goes by ${source}; a base is named by the address only");
        // Each value that the other map may have is looked up in this one.
        return Value(source, map, depth + 1).Then(value => Look(map, value, depth));
    }

    private Decision<string> Judge(NginxDirective map, Func<Automaton, Condition> ask, int depth)
    {
        var (entries, fallback) = Entries(map);
        var result = Expand(fallback, map, depth + 1);
        foreach (var (pattern, value, entry, _) in entries.Reverse())
            result = new Decision<string>.Asks(ask(pattern), Expand(value, entry, depth + 1), result);
        // Of a text that is empty nginx asks no pattern.
        return entries.Any(e => e.IsPattern && e.Pattern.Accepts(e.Pattern.Start))
            ? new Decision<string>.Asks(ask(Automaton.Text("", anyCase: false)), Look(map, "", depth), result)
            : result;
    }

    private Decision<string> Look(NginxDirective map, string value, int depth)
    {
        var (entries, fallback) = Entries(map);
        var found = entries.FirstOrDefault(e => (value.Length > 0 || !e.IsPattern) && e.Pattern.Accepts(e.Pattern.Next(e.Pattern.Start, value)));
        return found.Entry is { } entry ? Expand(found.Value, entry, depth + 1) : Expand(fallback, map, depth + 1);
    }

    private static (IReadOnlyList<(Automaton Pattern, string Value, NginxDirective Entry, bool IsPattern)> Entries, string Fallback) Entries(NginxDirective map)
    {
        var texts = new List<(Automaton, string, NginxDirective, bool)>();
        var patterns = new List<(Automaton, string, NginxDirective, bool)>();
        var fallback = "";
        foreach (var entry in map.Inside)
        {
            if (entry is { Name: "volatile", Parameters.Count: 0 })
                continue;
            if (entry.Name == "hostnames" || entry.Block is not null || entry.Parameters is not [var value])
                throw entry.Refuse("of the map is not understood");
            if (entry.Name == "default")
                fallback = value;
            else if (entry.Name.StartsWith("~*", StringComparison.Ordinal))
                patterns.Add((ConditionPattern.Read(entry.Name[2..], anyCase: true, entry.Refuse), value, entry, true));
            else if (entry.Name.StartsWith('~'))
                patterns.Add((ConditionPattern.Read(entry.Name[1..], anyCase: false, entry.Refuse), value, entry, true));
            else
                texts.Add((Automaton.Text(entry.Name.StartsWith('\\') ? entry.Name[1..] : entry.Name, anyCase: true), value, entry, false));
        }
        return ([.. texts, .. patterns], fallback);
    }
}
