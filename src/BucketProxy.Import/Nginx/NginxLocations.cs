using BucketProxy.Import.Patterns;
using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Nginx;

/// <summary>What a server does with a request: its conditions, then the location that nginx would choose.</summary>
internal sealed class NginxLocations(NginxMaps maps, NginxUpstreams upstreams, List<string> remarks)
{
    // The last one: with percent-encoding undone.
    private static readonly string[] WhatTheClientSent = ["$request_uri", "${request_uri}", "$uri$is_args$args"];
    private static readonly Outcome NoLocation = new Outcome.Answer("a file or 404 of nginx's own");
    private static readonly Decision<Outcome> SlashAdded = new Decision<Outcome>.Is(new Outcome.Answer("301 to the same path with a slash behind it"));

    public Decision<Outcome> Server(NginxDirective server)
    {
        var locations = server.Inside.Where(d => d.Name == "location").Select(Read).ToArray();
        return Rewriting(server, Choose(locations, new Decision<Outcome>.Is(NoLocation)));
    }

    /// <summary>Exact ones; then the longest beginning, before which patterns come unless it says <c>^~</c>.</summary>
    private static Decision<Outcome> Choose(IReadOnlyList<Location> locations, Decision<Outcome> none)
    {
        var patterns = locations.Where(l => l.Kind == LocationKind.Pattern).ToArray();
        var result = PatternsBefore(none);
        foreach (var prefix in locations.Where(l => l.Kind is LocationKind.Prefix or LocationKind.PrefixOnly).OrderBy(l => l.Text.Length))
            result = Ask(prefix, prefix.Kind == LocationKind.PrefixOnly ? prefix.Content : PatternsBefore(prefix.Content), result);
        // nginx adds the slash before it looks at anything else, unless the path without it has a location of its own.
        foreach (var proxying in locations.Where(l => l is { Kind: not LocationKind.Pattern, Text: [.., '/'], Passes: true } && !locations.Any(o => o.Kind != LocationKind.Pattern && o.Text == l.Text[..^1])))
            result = new Decision<Outcome>.Asks(new Condition(Subject.Path, null, Automaton.Text(proxying.Text[..^1], anyCase: false)), SlashAdded, result);
        foreach (var exact in locations.Where(l => l.Kind == LocationKind.Exact))
            result = Ask(exact, exact.Content, result);
        return result;

        Decision<Outcome> PatternsBefore(Decision<Outcome> content) =>
            patterns.Reverse().Aggregate(content, (next, pattern) => Ask(pattern, pattern.Content, next));
    }

    private static Decision<Outcome>.Asks Ask(Location location, Decision<Outcome> content, Decision<Outcome> next) =>
        new(new Condition(Subject.Path, null, location.Pattern), content, next);

    private Location Read(NginxDirective location)
    {
        if (location.Inside.FirstOrDefault(d => d.Name == "location") is { } inner)
            throw inner.Refuse("stands in another location, which is not understood");
        NginxVocabulary.Check(location.Inside, remarks);
        var passes = location.Inside.Any(d => d.Name == "proxy_pass");
        return location.Parameters switch
        {
            ["=", var text] => new(LocationKind.Exact, text, Automaton.Text(text, anyCase: false), Content(location, text), passes),
            ["^~", var text] => new(LocationKind.PrefixOnly, text, Automaton.Prefix(text, anyCase: false), Content(location, text), passes),
            ["~", var text] => new(LocationKind.Pattern, text, ConditionPattern.Read(text, anyCase: false, location.Refuse), Content(location, null), passes),
            ["~*", var text] => new(LocationKind.Pattern, text, ConditionPattern.Read(text, anyCase: true, location.Refuse), Content(location, null), passes),
            [['/', ..] text] => new(LocationKind.Prefix, text, Automaton.Prefix(text, anyCase: false), Content(location, text), passes),
            _ => throw location.Refuse("is not understood"),
        };
    }

    private Decision<Outcome> Content(NginxDirective location, string? beginning)
    {
        var passes = location.Inside.Where(d => d.Name == "proxy_pass").ToArray();
        var content = passes switch
        {
            [] => new Decision<Outcome>.Is(new Outcome.Answer("a file or 404 of nginx's own")),
            [{ Parameters: [var target] } pass] => Pass(target, pass, beginning),
            _ => throw location.Refuse("has a proxy_pass that is not understood"),
        };
        return Rewriting(location, content);
    }

    private Decision<Outcome> Pass(string target, NginxDirective pass, string? beginning)
    {
        var whole = WhatTheClientSent.FirstOrDefault(w => target.EndsWith(w, StringComparison.Ordinal));
        if (whole is not null)
            target = target[..^whole.Length];
        return maps.Expand(target, pass).Then(t => (Decision<Outcome>)new Decision<Outcome>.Is(upstreams.Lead(t, pass, beginning, goesOn: whole is not null)));
    }

    /// <summary>What comes first in a server or location: <c>return</c> and <c>if</c>, in their order.</summary>
    private Decision<Outcome> Rewriting(NginxDirective block, Decision<Outcome> next)
    {
        foreach (var directive in block.Inside.Reverse())
        {
            if (directive.Name == "return")
                next = new Decision<Outcome>.Is(Answer(directive));
            else if (directive.Name == "if")
                next = If(directive, next);
        }
        return next;
    }

    private static Outcome.Answer Answer(NginxDirective directive) =>
        new(directive.Parameters is [var code, ..] ? code : throw directive.Refuse("is not understood"));

    private Decision<Outcome> If(NginxDirective directive, Decision<Outcome> next)
    {
        var words = string.Join(' ', directive.Parameters).Trim();
        if (!words.StartsWith('(') || !words.EndsWith(')'))
            throw directive.Refuse("is not understood");
        var parts = words[1..^1].Trim().Split(' ', 3);
        if (parts is not [var first, var sign, var text] || NginxVariables.Variable(first) is not { } variable
            || directive.Inside.FirstOrDefault(d => d.Name != "return" && d.Name != "add_header" && d.Name != "access_log") is not null
            || directive.Inside.FirstOrDefault(d => d.Name == "return") is not { } answer)
        {
            throw directive.Refuse("is not taken over: an if may send a request elsewhere, unless all that it does is return");
        }
        if (variable == "request_method")
        {
            remarks.Add($"{directive.Place}: '{directive}' is left out: methods are answered as by the server.");
            return next;
        }
        if (NginxVariables.SubjectOf(variable) is not { } subject)
            throw directive.Refuse($"is not taken over: it goes by ${variable}");
        var pattern = sign.TrimStart('!') switch
        {
            "=" when !text.Contains('$', StringComparison.Ordinal) => Automaton.Text(text, anyCase: false),
            "=" => throw directive.Refuse("compares with a variable, which is not understood"),
            "~" => ConditionPattern.Read(text, anyCase: false, directive.Refuse),
            "~*" => ConditionPattern.Read(text, anyCase: true, directive.Refuse),
            _ => throw directive.Refuse($"has a '{sign}', which is not understood"),
        };
        var condition = new Condition(subject.Subject, subject.Argument, pattern);
        Decision<Outcome> own = new Decision<Outcome>.Is(Answer(answer));
        return sign.StartsWith('!') ? new Decision<Outcome>.Asks(condition, next, own) : new Decision<Outcome>.Asks(condition, own, next);
    }

    private enum LocationKind
    {
        Exact,
        Prefix,
        PrefixOnly,
        Pattern,
    }

    private sealed record Location(LocationKind Kind, string Text, Automaton Pattern, Decision<Outcome> Content, bool Passes);
}
