using System.Collections.Immutable;

namespace BucketProxy.Import.Caddy;

/// <summary>What of a Caddyfile decides nothing about where a base goes, and what becomes of it. What is in no list may decide, and is refused.</summary>
internal static class CaddyVocabulary
{
    private const string Nothing = "nothing stands for it here";
    private const string Passes = "a server's answer passes as it is";
    private const string Access = "NOBODY IS TURNED AWAY HERE; keep access control in front of it";

    /// <summary>Directives that take part in deciding, in the order in which Caddy goes through them outside of a route.</summary>
    public static readonly ImmutableArray<string> Deciding = ["redir", "handle", "route", "respond", "abort", "error", "metrics", "reverse_proxy", "file_server"];

    private static readonly Dictionary<string, string> InSites = new(StringComparer.Ordinal)
    {
        ["log"] = "see logging",
        ["log_append"] = "see logging",
        ["log_skip"] = "see logging",
        ["skip_log"] = "see logging",
        ["log_name"] = "see logging",
        ["header"] = Passes,
        ["copy_response_headers"] = Passes,
        ["encode"] = Passes,
        ["request_header"] = "headers are passed on as they come",
        ["tracing"] = "see tracing",
        ["basic_auth"] = Access,
        ["basicauth"] = Access,
        ["root"] = Nothing,
        ["push"] = Nothing,
        ["bind"] = "",
        ["tls"] = "",
        ["request_body"] = "",
    };

    private static readonly Dictionary<string, string> InOptions = new(StringComparer.Ordinal)
    {
        ["metrics"] = "metrics are at the admin port, /metrics",
        ["admin"] = "see admin.listen",
        ["log"] = "see logging",
        ["debug"] = "see logging",
        ["servers"] = Nothing,
        ["email"] = Nothing,
        ["grace_period"] = "see data.drainLimit",
        ["shutdown_delay"] = "see data.drainGrace",
        ["auto_https"] = "",
        ["persist_config"] = Nothing,
        ["storage"] = Nothing,
        ["skip_install_trust"] = Nothing,
        ["local_certs"] = Nothing,
        ["acme_ca"] = Nothing,
        ["default_bind"] = "see data.listen",
    };

    private static readonly Dictionary<string, string> InProxies = new(StringComparer.Ordinal)
    {
        ["to"] = "",
        ["header_up"] = "Host, Upgrade and the X-Forwarded headers are handled by themselves; others are not added",
        ["header_down"] = Passes,
        ["flush_interval"] = "answers are streamed",
        ["request_buffers"] = "bodies are streamed",
        ["response_buffers"] = "answers are streamed",
        ["buffer_requests"] = "bodies are streamed",
        ["stream_timeout"] = "websockets have no limit",
        ["stream_close_delay"] = "see data.closeSpread",
        ["trusted_proxies"] = "X-Forwarded-For is appended to",
        ["transport"] = "see data.connectTimeout and data.nodeKeepAlive",
        ["verbose_logs"] = "see logging",
        ["fail_duration"] = "a server that is away keeps its bases",
        ["max_fails"] = "a server that is away keeps its bases",
        ["unhealthy_status"] = "a server that is away keeps its bases",
        ["unhealthy_latency"] = "a server that is away keeps its bases",
        ["unhealthy_request_count"] = "a server that is away keeps its bases",
    };

    private static readonly HashSet<string> InTransports = new(StringComparer.Ordinal)
    {
        "read_buffer", "write_buffer", "max_response_header", "dial_timeout", "dial_fallback_delay", "response_header_timeout", "expect_continue_timeout", "read_timeout", "write_timeout",
        "resolvers", "keepalive", "keepalive_interval", "keepalive_idle_conns", "keepalive_idle_conns_per_host", "max_conns_per_host", "versions", "compression", "proxy_protocol", "local_address",
    };

    private static readonly Dictionary<string, string> Refused = new(StringComparer.Ordinal)
    {
        ["order"] = "changes the order of directives",
        ["rewrite"] = "changes the path, by which a request may go elsewhere",
        ["uri"] = "changes the path, by which a request may go elsewhere",
        ["handle_path"] = "changes the path, by which a request may go elsewhere",
        ["try_files"] = "changes the path, by which a request may go elsewhere",
        ["method"] = "changes the request",
        ["map"] = "sets a variable, by which a request may go elsewhere",
        ["vars"] = "sets a variable, by which a request may go elsewhere",
        ["forward_auth"] = "asks a server of its own about each request",
        ["dynamic"] = "asks for servers by name, of which there may be several",
        ["handle_response"] = "may send a request on elsewhere",
    };

    /// <summary>What is left out of the options of the whole file.</summary>
    public static void CheckOptions(IEnumerable<CaddyDirective> options, List<string> remarks) => Check(options, InOptions, "", remarks);

    /// <summary>What is left out of a site, a route or a handle; nothing of what decides.</summary>
    public static void CheckSite(IEnumerable<CaddyDirective> site, List<string> remarks) =>
        Check(site.Where(d => !d.Name.StartsWith('@') && !Deciding.Contains(d.Name)), InSites, "", remarks);

    /// <summary>What is left out of a reverse_proxy.</summary>
    public static void CheckProxy(IEnumerable<CaddyDirective> proxy, List<string> remarks)
    {
        Check(proxy, InProxies, "health_", remarks);
        foreach (var transport in proxy.Where(d => d.Name == "transport"))
        {
            if (transport.Arguments.ToArray() is not ["http"])
                throw transport.Refuse("is not understood: servers are spoken to in HTTP");
            if (transport.Inside.FirstOrDefault(d => d.Name.StartsWith("tls", StringComparison.Ordinal)) is { } tls)
                throw tls.Refuse("is not understood: write the server's address with https:// in front");
            if (transport.Inside.FirstOrDefault(d => !InTransports.Contains(d.Name)) is { } other)
                throw other.Refuse("is not known here, and may decide where a base goes");
        }
    }

    private static void Check(IEnumerable<CaddyDirective> directives, Dictionary<string, string> known, string prefix, List<string> remarks)
    {
        foreach (var directive in directives)
        {
            if (Refused.TryGetValue(directive.Name, out var why))
                throw directive.Refuse($"is not taken over: it {why}");
            if (known.TryGetValue(directive.Name, out var reason))
            {
                if (reason.Length > 0)
                    remarks.Add($"{directive.Place}: '{directive}' is left out: {reason}.");
            }
            else if (prefix.Length > 0 && directive.Name.StartsWith(prefix, StringComparison.Ordinal))
            {
                remarks.Add($"{directive.Place}: '{directive}' is left out: servers register themselves, or are listed.");
            }
            else if (directive.Name.StartsWith("lb_", StringComparison.Ordinal) && known == InProxies)
            {
                // With one server there is nothing to choose.
                remarks.Add($"{directive.Place}: '{directive}' is left out: there is one server.");
            }
            else
            {
                throw directive.Refuse("is not known here, and may decide where a base goes");
            }
        }
    }
}
