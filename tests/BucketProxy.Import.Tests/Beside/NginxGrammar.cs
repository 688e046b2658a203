using System.Globalization;

namespace BucketProxy.Import.Tests.Beside;

/// <summary>Random nginx configurations round the one of SeaTable's manual.</summary>
internal sealed class NginxGrammar
{
    private static readonly string[] Names = ["one", "two", "three"];

    private readonly Phrases _say;
    private readonly int _port;
    private readonly IReadOnlyList<string> _servers;
    private readonly Dictionary<string, string> _files = [];
    private readonly Dictionary<string, string> _upstreams = [];

    private NginxGrammar(Random random, int port, IReadOnlyList<string> servers) => (_say, _port, _servers) = (new Phrases(random), port, servers);

    /// <param name="random">Decides.</param>
    /// <param name="port">Where it listens.</param>
    /// <param name="servers">Three servers' addresses.</param>
    public static GeneratedProxy Write(Random random, int port, IReadOnlyList<string> servers)
    {
        var grammar = new NginxGrammar(random, port, servers);
        var text = grammar.File();
        return new GeneratedProxy(text, grammar._files, grammar._say.Prefixes);
    }

    private string File()
    {
        foreach (var (name, address) in Names.Zip(_servers))
            _upstreams[name] = Upstream(name, address);
        var (maps, server) = (Maps(), Server());
        return $$"""
            worker_processes 1;
            events { worker_connections 256; }
            http {
              access_log off;
            {{string.Concat(_upstreams.Values)}}{{maps}}{{(_say.OneIn(8) ? Put("server.conf", server) : server)}}{{Others(server)}}
            }
            """;
    }

    private string Upstream(string name, string address)
    {
        var more = _say.OneIn(12) ? _say.Any($"server {_servers[1]} down;", $"server {_servers[1]} backup;", $"server {_servers[2]};", "ip_hash;", "hash $request_uri;") : "";
        return $"  upstream {name} {{ {more} server {address}{_say.Any("", "", " weight=2", " max_fails=3 fail_timeout=5s")}; {_say.Any("", "keepalive 4;")} }}\n";
    }

    private string Put(string name, string text)
    {
        _files[name] = text;
        return $"include {_say.Any(name, name[..^1] + "?", "*" + name[1..])};\n";
    }

    private string Maps()
    {
        var (some, others) = _say.Sides();
        return _say.Upto(6) switch
        {
            0 => Map("$request_uri", "$side", Entries("left", "right", some, others, isWhole: false)) + Map("$side", "$up", [$"left {Target(0)}", $"right {Target(1)}", .. Default(Target(0))]),
            1 => Map("$arg_dtable_uuid", "$by_arg", Entries(Target(0), Target(1), some, others, isWhole: true, fallback: false))
                + Map("$uri", "$by_path", Entries(Target(0), Target(1), some, others, isWhole: false))
                + Map("$by_arg", "$up", [_say.Any("\"\" $by_path", "'' $by_path", "~^$ $by_path"), _say.Any("default $by_arg", "default $by_path", "~. $by_arg")]),
            2 => Map("$arg_dtable_uuid", "$by_arg", [.. Entries(Target(0), Target(1), some, others, isWhole: true, fallback: false), _say.Any("~^$ $by_path", "'' $by_path", "default $by_path", "~* $by_path")])
                + Map(_say.Any("$request_uri", "$uri", "$document_uri"), "$by_path", Entries(Target(0), Target(1), some, others, isWhole: false))
                + Map("$request_uri", "$up", ["default $by_arg", .. Noises(1)]),
            _ => Map(_say.Any("$request_uri", "$request_uri", "$request_uri", "${request_uri}", "$args", "$uri", "$query_string"), "$up", Entries(Target(0), Target(1), some, others, isWhole: false)),
        } + (_say.OneIn(8) ? Map(_say.Any("$http_upgrade", "$host", "$uri"), "$connection", ["default upgrade", "'' close"]) : "");
    }

    private string Map(string of, string makes, IEnumerable<string> entries)
    {
        var lines = string.Concat(entries.Select(e => $"    {e};\n"));
        if (_say.OneIn(10))
            lines = Put($"{makes[1..]}.map", lines);
        return $"  map {of} {makes} {{\n{lines}{(_say.OneIn(10) ? "    volatile;\n" : "")}{(_say.OneIn(30) ? "    hostnames;\n" : "")}  }}\n";
    }

    private IEnumerable<string> Entries(string left, string right, string some, string others, bool isWhole, bool fallback = true)
    {
        string Find(string digit) => isWhole ? _say.Begins(digit) : _say.Found(digit);
        List<string> entries = [];
        for (var i = _say.OneIn(2) ? _say.Upto(2) : 0; i > 0; i--)
            entries.Add($"{Pattern(_say.Exception())} {_say.Any(left, right)}");
        entries.Add($"{Pattern(Find(some))} {left}");
        if (!_say.OneIn(3))
            entries.Add($"{Pattern(Find(others))} {right}");
        if (_say.OneIn(6))
            entries.Insert(_say.Upto(entries.Count - 1), $"{Pattern(_say.Noise())} {_say.Any(left, right)}");
        if (_say.OneIn(8))
            entries.Add($"{_say.Any("/ping/", "/dtables/X", "/socket.io", "\\~x", "\\default", "''")} {left}");
        if (fallback)
            entries.InsertRange(_say.OneIn(2) ? 0 : entries.Count, Default(right));
        return entries;
    }

    private IEnumerable<string> Default(string value) => _say.OneIn(8) ? [] : [$"default {value}"];

    private IEnumerable<string> Noises(int most) => Enumerable.Range(0, _say.Upto(most)).Select(_ => $"{Pattern(_say.Noise())} {Target(_say.Upto(2))}");

    private string Pattern(string pattern) => Quoted(_say.Any("~", "~*", "~") + pattern);

    private string Quoted(string text)
    {
        var quote = text.Length == 0 || text.AsSpan().ContainsAny('{', ';', ' ') || !_say.OneIn(3) ? _say.Any("\"", "'") : "";
        // A backslash in front of most characters stays, whether it is written once or twice.
        return quote + (_say.OneIn(6) ? text.Replace("\\", "\\\\", StringComparison.Ordinal) : text) + quote;
    }

    private string Target(int server) => _say.OneIn(6) ? _servers[server] : _say.OneIn(12) ? Names[server].ToUpperInvariant() : Names[server];

    private string Server() => $$"""
          server {
            listen {{_say.Any("", "*:", "127.0.0.1:", "0.0.0.0:")}}{{Port(_port)}}{{_say.Any("", "", " default_server")}};
            server_name {{_say.Any("_", "localhost", "seatable.example *.seatable.example", "~^(?<who>.+)$", _say.OneIn(4) ? "~^(?<up>.+)$" : "_")}};
        {{Rewriting(4)}}{{Unusual()}}{{string.Concat(Locations())}}  }

        """;

    private string Unusual() => !_say.OneIn(12) ? "" : "    " + _say.Any(
        "merge_slashes off;", "index /x/;", "error_page 502 /50x.html; location = /50x.html { root /nowhere; }", "error_page 404 @other; location @other { proxy_pass http://two; }",
        "rewrite ^/old/ /new/ last;", "set $up one;", "if ($uri ~ ^/v1) { rewrite ^ /x break; }") + "\n";

    private IEnumerable<string> Locations()
    {
        var written = new HashSet<string>();
        if (!_say.OneIn(10) && written.Add("/"))
            yield return Location("", "/", Pass("/"));
        for (var i = _say.Upto(_say.OneIn(3) ? 4 : 1); i > 0; i--)
        {
            var sign = _say.Any("", "", "^~ ", "= ", "~ ", "~* ");
            var isPattern = sign.StartsWith('~');
            var text = isPattern ? _say.OneIn(3) ? "^" + _say.Path() : _say.Noise() : _say.Path();
            // Two for the same path end nginx.
            if (written.Add((sign == "= " ? sign : isPattern ? sign : "") + text))
                yield return Location(sign, text, Content(isPattern ? null : text));
        }
    }

    private string Location(string sign, string text, string content) => $"    location {sign}{(text.Length == 0 || text.AsSpan().ContainsAny('{', ';', ' ') ? $"\"{text}\"" : text)} {{\n{Rewriting(8)}      {content}\n    }}\n";

    private string Content(string? beginning) => _say.Upto(11) switch
    {
        0 => $"return {_say.Any("403", "404", "200 pong", "301 https://elsewhere$request_uri", "444")};",
        1 => "root /nowhere;",
        2 => $"proxy_pass http://{Names[_say.Upto(2)]};",
        3 => $"proxy_pass http://{_say.Any(_servers[0], _servers[1], "one:80")};",
        4 when beginning is not null => $"proxy_pass http://{_say.Any("one", "$up")}{_say.Any("/", "/x", "/x/", "/dtables/", beginning)};",
        5 => _say.Any("try_files $uri @other;", "rewrite ^/dtable-server/(.*)$ /$1 break; proxy_pass http://$up;", "set $up two; proxy_pass http://$up;", "error_page 404 = /x; proxy_pass http://$up;", "location ~ /x { proxy_pass http://one; }", "index /dtables/x/;", "internal; proxy_pass http://$up;"),
        _ => Pass(beginning),
    };

    /// <summary>By the map, as it should.</summary>
    private string Pass(string? beginning) => _say.Upto(19) switch
    {
        0 or 1 => "proxy_pass http://$up$request_uri;",
        2 => "proxy_pass http://${up};",
        3 => $"proxy_pass http://$up{_say.Any("/", "/$request_uri", "$uri", "$uri$is_args$args", "/x$request_uri")};",
        4 when beginning is not null => $"proxy_pass http://one{_say.Any(beginning, "/", "/$request_uri", "$request_uri")};",
        5 => "proxy_pass http://$up; proxy_set_header Host $host; proxy_http_version 1.1;",
        _ => "proxy_pass http://$up;",
    };

    /// <summary>Conditions and answers that come first in a block.</summary>
    private string Rewriting(int oneIn)
    {
        if (!_say.OneIn(oneIn))
            return "";
        var subject = _say.Any("$request_uri", "$uri", "$args", "$arg_dtable_uuid", "$arg_EIO");
        var condition = _say.Upto(5) switch
        {
            0 => $"{subject} {_say.Any("=", "!=")} {_say.Any("/ping/", "4", "\"\"", "$arg_t", "x", "/socket.io")}",
            1 => "$request_method = OPTIONS",
            _ => $"{subject} {_say.Any("~", "~*", "!~", "!~*")} {Quoted(_say.OneIn(2) ? _say.Any("^/x/", "\\.php$", "^/ping/?$", "zz") : _say.Noise())}",
        };
        var then = _say.OneIn(12) ? _say.Any("proxy_pass http://two;", "set $up two;", "break;", "rewrite ^ /x last;") : $"return {_say.Any("403", "404", "444", "204")};";
        return $"    if {_say.Any($"({condition})", $"( {condition} )")} {{ {then} }}\n";
    }

    private string Others(string server) => _say.Upto(9) switch
    {
        0 => $"  server {{ listen {Port(_port)}; server_name other.example; return 403; }}\n",
        // Were it the only one that passes requests on, it would be the one that is taken over, and that by its name.
        1 when server.Contains("proxy_pass", StringComparison.Ordinal) => $"  server {{ listen {Port(_port)}; server_name other.example; location / {{ proxy_pass http://one; }} }}\n",
        _ => "",
    };

    private static string Port(int port) => port.ToString(CultureInfo.InvariantCulture);
}
