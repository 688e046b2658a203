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
        var decision = reading.Sequence(CaddyOrder.Of(site.Inside, reading._matchers), Unanswered, isRoute: false);
        return (decision, [.. reading._servers.OrderBy(s => s.Line).Select(s => (s.Url, s.Name))]);
    }

    private Decision<Outcome> Sequence(IReadOnlyList<CaddyDirective> directives, Decision<Outcome> next, bool isRoute)
    {
        CaddyVocabulary.CheckSite(directives, _remarks);
        var deciding = directives.Where(d => CaddyVocabulary.Deciding.Contains(d.Name)).ToArray();
        for (var i = deciding.Length - 1; i >= 0; i--)
        {
            // Handles exclude one another: what comes behind them is behind each. In a route that is so from Caddy 2.7 on.
            var group = i;
            while (!isRoute && deciding[i].Name == "handle" && group > 0 && deciding[group - 1].Name == "handle")
                group--;
            var mustAnswer = isRoute && deciding[i].Name == "handle" && deciding.Skip(i + 1).Any(d => d.Name == "handle");
            var behind = next;
            for (; i >= group; i--)
                next = On(deciding[i], behind, next, mustAnswer);
            i = group;
        }
        return next;
    }

    /// <param name="directive">What decides.</param>
    /// <param name="behind">What comes when it has not answered.</param>
    /// <param name="otherwise">What comes when it is not for the request.</param>
    /// <param name="mustAnswer">Versions of Caddy differ about what comes when it has not answered.</param>
    private Decision<Outcome> On(CaddyDirective directive, Decision<Outcome> behind, Decision<Outcome> otherwise, bool mustAnswer)
    {
        // One of its own, so that whatever leads there is seen.
        behind = mustAnswer ? new Decision<Outcome>.Is(new Outcome.Answer("what stands behind it")) : behind;
        var content = directive.Name switch
        {
            "route" => Sequence(Block(directive), behind, isRoute: true),
            "handle" => Sequence(CaddyOrder.Of(Block(directive), _matchers), behind, isRoute: false),
            "reverse_proxy" => new Decision<Outcome>.Is(Proxy(directive)),
            "respond" => new Decision<Outcome>.Is(new Outcome.Answer(directive.Values is [var first, ..] ? first : "an empty 200 of Caddy's own")),
            "metrics" => new Decision<Outcome>.Is(new Outcome.Answer("Caddy's own metrics")),
            var other => new Decision<Outcome>.Is(new Outcome.Answer($"an answer of Caddy's own ({other})")),
        };
        if (mustAnswer && GoesOn(content, behind))
            throw directive.Refuse("may leave a request unanswered, and then goes on with the handles behind it or not, as Caddy's version has it. End it with an answer");
        return _matchers.Of(directive).Then(isFor => isFor ? content : otherwise);
    }

    /// <summary>Whether something in it leads to what comes behind it.</summary>
    private static bool GoesOn(Decision<Outcome> content, Decision<Outcome> behind)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var open = new Stack<Decision<Outcome>>([content]);
        while (open.TryPop(out var at))
        {
            if (ReferenceEquals(at, behind))
                return true;
            if (seen.Add(at) && at is Decision<Outcome>.Asks asks)
            {
                open.Push(asks.IfSo);
                open.Push(asks.Else);
            }
        }
        return false;
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
