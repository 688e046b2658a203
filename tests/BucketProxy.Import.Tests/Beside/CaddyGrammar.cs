using System.Globalization;

namespace BucketProxy.Import.Tests.Beside;

/// <summary>Random Caddyfiles round the one of SeaTable's manual.</summary>
internal sealed class CaddyGrammar
{
    private readonly Phrases _say;
    private readonly IReadOnlyList<string> _servers;
    private readonly Dictionary<string, string> _files = [];
    private readonly List<string> _names = [];
    private int _matchers;

    private CaddyGrammar(Random random, IReadOnlyList<string> servers) => (_say, _servers) = (new Phrases(random), servers);

    /// <param name="random">Decides.</param>
    /// <param name="port">Where it listens.</param>
    /// <param name="servers">Three servers' addresses.</param>
    public static GeneratedProxy Write(Random random, int port, IReadOnlyList<string> servers)
    {
        var grammar = new CaddyGrammar(random, servers);
        var text = grammar.File(port.ToString(CultureInfo.InvariantCulture));
        return new GeneratedProxy(text, grammar._files, grammar._say.Prefixes);
    }

    private string File(string port)
    {
        var site = _say.OneIn(3) ? Site() : $"route {{\n{Site()}}}\n";
        var snippet = "";
        if (_say.OneIn(8))
            (snippet, site) = ($"(all) {{\n{site}}}\n", "import all\n");
        else if (_say.OneIn(8))
            (_files["site.caddy"], site) = (site, "import site.caddy\n");
        return $"{{\nadmin off\nauto_https off\n}}\n{snippet}{_say.Any("", "http://")}:{port} {{\n{site}}}\n{Others(port)}";
    }

    private string Others(string port) => _say.Upto(9) switch
    {
        0 => $"http://other.example:{port} {{\nrespond 403\n}}\n",
        1 => $"http://other.example:{port} {{\nreverse_proxy {_servers[0]}\n}}\n",
        _ => "",
    };

    /// <summary>The manual's way: one side, the other side, the rest; with whatever else in between.</summary>
    private string Site()
    {
        var (some, others) = _say.Sides();
        List<string> parts = [];
        for (var i = _say.OneIn(2) ? _say.Upto(2) : 0; i > 0; i--)
            parts.Add(To(Named(Uri("matches", _say.Exception())), _say.Upto(2)));
        var by = _say.Upto(3);
        parts.Add(by switch
        {
            0 => To(Named($"`{Uri("matches", _say.Found(some))[1..^1]} || {Query("matches", _say.Begins(some))[1..^1]}`"), 0),
            1 => To(Named(Query("matches", _say.Begins(some)), $"path_regexp {_say.Any("x ", "")}{Found(some)}"), 0),
            _ => To(Named(Uri("matches", _say.Found(some))), 0),
        });
        if (by == 1)
            parts.Add(To(Named($"path_regexp {Found(some)}"), 0) + To(Named(Query("matches", _say.Begins(some))), 0));
        if (_say.OneIn(2))
            parts.Add(To(Named(Uri("matches", _say.Found(others))), 1));
        for (var i = _say.OneIn(2) ? _say.Upto(3) : 0; i > 0; i--)
            parts.Insert(_say.Upto(parts.Count), Extra());
        parts.Insert(_say.OneIn(6) ? _say.Upto(parts.Count) : parts.Count, _say.Upto(9) switch
        {
            0 => "respond 404\n",
            1 => $"handle {{\nreverse_proxy {_servers[1]}\n}}\n",
            _ => $"reverse_proxy {_say.Any("", "* ")}{_servers[1]}\n",
        });
        return string.Concat(parts);
    }

    /// <summary>A pattern as a word.</summary>
    private string Found(string digit) => Quoted(_say.Found(digit));

    private string Quoted(string text) => text.Length > 0 && _say.OneIn(3) && !text.Contains('{', StringComparison.Ordinal) ? text : _say.Any($"`{text}`", $"\"{text}\"");

    private string Uri(string method, string text) => Expression(_say.Any("{http.request.orig_uri}", "{http.request.uri}", "{uri}"), method, text);

    private string Query(string method, string text) => Expression(_say.Any("{http.request.uri.query.dtable_uuid}", "{query.dtable_uuid}", "{query.dtable_uuid}"), method, text);

    private string Expression(string of, string method, string text)
    {
        var literal = text.Contains('\\', StringComparison.Ordinal) ? _say.Any($"r'{text}'", $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal)}'") : _say.Any($"'{text}'", $"\"{text}\"");
        return $"`{_say.Any("", "!!")}{of}.{method}({literal})`";
    }

    /// <summary>Defines a matcher; its name and the definition.</summary>
    private (string Name, string Text) Named(params string[] parts)
    {
        var name = $"@m{_matchers++}";
        _names.Add(name);
        var lines = parts.Select(p => p.StartsWith('`') ? $"expression {p}" : p);
        return (name, parts.Length == 1 && _say.OneIn(2) ? $"{name} {parts[0]}\n" : $"{name} {{\n{string.Concat(lines.Select(l => l + "\n"))}}}\n");
    }

    private string To((string Name, string Text) matcher, int server) => matcher.Text + Answering(matcher.Name, Proxy(server));

    private string Answering(string matcher, string proxy) => _say.Upto(5) switch
    {
        0 => $"handle {matcher} {{\nreverse_proxy {proxy}\n}}\n",
        1 => $"route {matcher} {{\nreverse_proxy {proxy}\n}}\n",
        _ => $"reverse_proxy {matcher} {proxy}\n",
    };

    private string Proxy(int server) => _say.Any(_servers[server], $"http://{_servers[server]}", $"{{\nto {_servers[server]}\n}}", $"{_servers[server]} {{\nflush_interval -1\nheader_up X-A b\n}}");

    private string Extra() => _say.Upto(12) switch
    {
        0 => $"respond {_say.Any("", Path() + " ")}{_say.Any("404", "pong 200", "403")}\n",
        1 => $"handle {Path()} {{\n{_say.Any("respond 403", $"reverse_proxy {Path()} {_servers[0]}", $"reverse_proxy {_servers[1]}", "")}\n}}\n",
        2 => $"{_say.Any("handle", "route")} {{\n{Matched()}{Matched()}}}\n",
        3 => $"reverse_proxy {Path()} {_servers[_say.Upto(2)]}\n",
        4 => _say.Any("redir /old* https://elsewhere{uri}\n", "redir https://elsewhere{uri}\n", "abort /x*\n", "error /x 404\n", "metrics /metrics\n", "encode gzip\n", "header X-A b\n", "file_server /static/*\n", "request_body {\nmax_size 10MB\n}\n"),
        5 => _say.Any("uri strip_prefix /dtable-server\n", "rewrite /old* /new\n", $"handle_path /dtable-server/* {{\nreverse_proxy {_servers[0]}\n}}\n", "map {path} {x} {\n/a one\n}\n", "vars x y\n", $"reverse_proxy {_servers[0]} {_servers[1]}\n"),
        _ => Matched(),
    };

    /// <summary>A matcher of any kind, and what is done by it.</summary>
    private string Matched()
    {
        var named = Named([.. Enumerable.Range(0, _say.OneIn(3) ? 2 : 1).Select(_ => Part(2))]);
        return named.Text + _say.Upto(3) switch
        {
            0 => $"respond {named.Name} 403\n",
            1 => $"handle {named.Name} {{\n{_say.Any("", $"reverse_proxy {Path()} {_servers[0]}", $"reverse_proxy {_servers[_say.Upto(2)]}")}\n}}\n",
            _ => $"reverse_proxy {named.Name} {_servers[_say.Upto(2)]}\n",
        };
    }

    private string Part(int depth) => _say.Upto(7) switch
    {
        0 => $"path {Path()}{(_say.OneIn(3) ? " " + Path() : "")}",
        1 or 2 => $"path_regexp {_say.Any("", "n ")}{Quoted(_say.Noise())}",
        3 when depth > 0 => _say.OneIn(2) ? $"not {Part(0)}" : $"not {{\n{Part(0)}\n{(_say.OneIn(2) ? Part(0) : "")}\n}}",
        4 => $"query {_say.Any("EIO=4", "dtable_uuid=*", "x=1")}",
        _ => $"`{Condition(2)}`",
    };

    private string Condition(int depth) => _say.Upto(depth > 0 ? 9 : 6) switch
    {
        0 => $"path('{Path()}')",
        1 => $"path_regexp('{_say.Any("^/api/v2/", "rows/?$", "^/dtables/[0-9]")}')",
        2 => $"{{{_say.Any("path", "uri", "query", "query.EIO", "query.view_name", "query.DTABLE_UUID", "http.request.orig_uri.path")}}} {_say.Any("==", "!=")} '{_say.Any("/ping/", "", "4", "Default View", "/socket.io")}'",
        3 => Expression(_say.Any("{path}", "{uri}", "{query}", "{query.transport}"), _say.Any("startsWith", "endsWith", "contains"), _say.Any("/api", "/", "polling", "dtables", "=", "true"))[1..^1],
        < 7 => Expression(_say.Any("{path}", "{uri}", "{query}", "{query.dtable_uuid}", "{query.view_name}"), "matches", _say.Noise())[1..^1],
        7 => $"({Condition(depth - 1)})",
        _ => $"{_say.Any("", "!")}({Condition(depth - 1)}) {_say.Any("&&", "||")} {Condition(depth - 1)}",
    };

    private string Path() => _say.Path() + _say.Any("", "*", "*", "/*", "**");
}
