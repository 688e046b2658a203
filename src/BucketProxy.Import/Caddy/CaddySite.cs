using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Caddy;

/// <summary>What a site does with a request: its directives one after the other, in Caddy's order, until one answers.</summary>
internal sealed class CaddySite
{
    private static readonly Decision<Outcome> Unanswered = new Decision<Outcome>.Is(new Outcome.Answer("an empty 200 of Caddy's own"));

    private readonly CaddyMatchers _matchers;
    private readonly List<string> _remarks;
    private readonly List<(string Url, string Name, int Line)> _servers = [];

    private CaddySite(CaddyMatchers matchers, List<string> remarks) => (_matchers, _remarks) = (matchers, remarks);

    /// <summary>Reads it.</summary>
    public static (Decision<Outcome> Decision, IReadOnlyList<(string Url, string Name)> Servers) Read(CaddyDirective site, List<string> remarks)
    {
        var reading = new CaddySite(new CaddyMatchers(site.Inside), remarks);
        var decision = reading.Sequence(reading.Sorted(site.Inside), Unanswered);
        return (decision, [.. reading._servers.OrderBy(s => s.Line).Select(s => (s.Url, s.Name))]);
    }

    /// <summary>Outside of a route: by kind, and within a kind the longest path first, and what is for every request last.</summary>
    private CaddyDirective[] Sorted(IEnumerable<CaddyDirective> directives)
    {
        var deciding = directives.ToList();
        return
        [
            .. deciding.OrderBy(d => Array.IndexOf([.. CaddyVocabulary.Deciding], d.Name))
                // A path that ends in '*' comes behind the same without.
                .ThenByDescending(d => _matchers.SinglePath(d)?.TrimEnd('*').Length ?? 0)
                .ThenBy(d => _matchers.SinglePath(d)?.EndsWith('*') == true ? 1 : 0)
                .ThenBy(d => d.Matcher is null or "*" ? 1 : 0),
        ];
    }

    private Decision<Outcome> Sequence(IReadOnlyList<CaddyDirective> directives, Decision<Outcome> next)
    {
        CaddyVocabulary.CheckSite(directives, _remarks);
        var deciding = directives.Where(d => CaddyVocabulary.Deciding.Contains(d.Name)).ToArray();
        for (var i = deciding.Length - 1; i >= 0; i--)
        {
            // Handles that stand together exclude one another: what comes behind them is behind each.
            var group = i;
            while (deciding[i].Name == "handle" && group > 0 && deciding[group - 1].Name == "handle")
                group--;
            var behind = next;
            for (; i >= group; i--)
                next = On(deciding[i], behind, next);
            i = group;
        }
        return next;
    }

    /// <param name="directive">What decides.</param>
    /// <param name="behind">What comes when it has not answered.</param>
    /// <param name="otherwise">What comes when it is not for the request.</param>
    private Decision<Outcome> On(CaddyDirective directive, Decision<Outcome> behind, Decision<Outcome> otherwise)
    {
        var content = directive.Name switch
        {
            "route" => Sequence(Block(directive), behind),
            "handle" => Sequence(Sorted(Block(directive)), behind),
            "reverse_proxy" => new Decision<Outcome>.Is(Proxy(directive)),
            "respond" => new Decision<Outcome>.Is(new Outcome.Answer(directive.Values is [var first, ..] ? first : "an empty 200 of Caddy's own")),
            "metrics" => new Decision<Outcome>.Is(new Outcome.Answer("Caddy's own metrics")),
            var other => new Decision<Outcome>.Is(new Outcome.Answer($"an answer of Caddy's own ({other})")),
        };
        return _matchers.Of(directive).Then(isFor => isFor ? content : otherwise);
    }

    private static IReadOnlyList<CaddyDirective> Block(CaddyDirective directive) => directive.Block ?? throw directive.Refuse("has no block");

    private Outcome.Server Proxy(CaddyDirective directive)
    {
        CaddyVocabulary.CheckProxy(directive.Inside, _remarks);
        var servers = directive.Values.Concat(directive.Inside.Where(d => d.Name == "to").SelectMany(d => d.Arguments)).ToArray();
        if (servers is not [var server])
        {
            throw directive.Refuse(servers.Length == 0
                ? "has no server"
                : $"has {servers.Length} servers: Caddy sends one base to several of them, which loses data");
        }
        var scheme = server.StartsWith("https://", StringComparison.Ordinal) ? "https" : "http";
        var address = server.StartsWith(scheme + "://", StringComparison.Ordinal) ? server[(scheme.Length + 3)..] : server;
        var url = ServerUrl.Of(scheme, address.StartsWith(':') ? "localhost" + address : address, scheme == "https" ? 443 : 80)
            ?? throw directive.Refuse($"leads to '{server}', which is no address of one server");
        _servers.Add((url, server, directive.Place.Line));
        return new Outcome.Server(url);
    }
}
