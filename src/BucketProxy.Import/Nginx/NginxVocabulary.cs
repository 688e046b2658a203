namespace BucketProxy.Import.Nginx;

/// <summary>Directives that decide nothing about where a base goes, and what becomes of each. What is in no list may decide, and is refused.</summary>
internal static class NginxVocabulary
{
    private const string ByItself = "handled by itself";
    private const string Nothing = "nothing stands for it here";
    private const string Access = "NOBODY IS TURNED AWAY HERE; keep access control in front of it";

    /// <summary>Those that another part of the reading takes care of.</summary>
    private static readonly HashSet<string> Read = new(StringComparer.Ordinal)
    {
        "events", "http", "server", "location", "upstream", "map", "listen", "proxy_pass", "return", "if",
        "client_max_body_size", "proxy_read_timeout", "proxy_connect_timeout", "ssl_certificate", "ssl_certificate_key", "error_page",
    };

    private static readonly Dictionary<string, string> LeftOut = new(StringComparer.Ordinal)
    {
        ["worker_processes"] = "one process uses all cores",
        ["worker_connections"] = "see data.maxConnections",
        ["worker_rlimit_nofile"] = "see data.maxConnections",
        ["user"] = "it runs as whoever starts it",
        ["proxy_http_version"] = "always 1.1",
        ["proxy_set_header"] = "Host, Upgrade and the X-Forwarded headers are handled by themselves; others are not added",
        ["access_log"] = "see data and logging: there is no log line for each request by default",
        ["error_log"] = "see logging",
        ["log_format"] = "see logging",
        ["server_name"] = "every name is taken",
        ["keepalive"] = "connections to servers are kept by themselves: data.nodeKeepAlive",
        ["allow"] = Access,
        ["deny"] = Access,
        ["auth_basic"] = Access,
        ["auth_basic_user_file"] = Access,
        ["satisfy"] = Access,
        ["limit_req"] = Nothing,
        ["limit_req_zone"] = Nothing,
        ["limit_req_status"] = Nothing,
        ["limit_conn"] = Nothing,
        ["limit_conn_zone"] = Nothing,
        ["limit_rate"] = Nothing,
        ["proxy_next_upstream"] = "a request of which nothing was sent is sent again, any other is not",
        ["proxy_next_upstream_tries"] = "see proxy_next_upstream",
        ["proxy_next_upstream_timeout"] = "see proxy_next_upstream",
        ["proxy_intercept_errors"] = "a server's answer passes as it is",
        ["proxy_redirect"] = "a server's Location passes as it is",
        ["set_real_ip_from"] = "X-Forwarded-For is appended to",
        ["real_ip_header"] = "X-Forwarded-For is appended to",
        ["real_ip_recursive"] = "X-Forwarded-For is appended to",
        ["add_header"] = "a server's answer passes as it is",
        ["proxy_hide_header"] = "a server's answer passes as it is",
        ["proxy_pass_header"] = "a server's answer passes as it is",
        ["proxy_ignore_headers"] = "a server's answer passes as it is",
        ["expires"] = "a server's answer passes as it is",
        ["charset"] = "a server's answer passes as it is",
        ["proxy_buffering"] = "answers are streamed",
        ["proxy_request_buffering"] = "bodies are streamed",
        ["resolver"] = ByItself,
        ["resolver_timeout"] = ByItself,
    };

    private static readonly HashSet<string> WithoutMeaning = new(StringComparer.Ordinal)
    {
        "pid", "daemon", "master_process", "env", "load_module", "working_directory", "worker_priority", "worker_cpu_affinity", "worker_shutdown_timeout", "pcre_jit",
        "thread_pool", "timer_resolution", "use", "multi_accept", "accept_mutex", "sendfile", "sendfile_max_chunk", "tcp_nopush", "tcp_nodelay", "aio", "directio",
        "types", "default_type", "server_tokens", "server_name_in_redirect", "port_in_redirect", "absolute_redirect", "reset_timedout_connection", "lingering_close",
        "lingering_time", "lingering_timeout", "send_timeout", "proxy_send_timeout", "open_file_cache", "large_client_header_buffers", "zone", "http2", "root", "index",
        "log_not_found", "log_subrequest", "etag", "if_modified_since", "underscores_in_headers", "ignore_invalid_headers", "max_ranges", "recursive_error_pages",
        "proxy_socket_keepalive", "proxy_ignore_client_abort", "proxy_headers_hash_max_size", "proxy_headers_hash_bucket_size", "connection_pool_size", "request_pool_size",
        "postpone_output", "chunked_transfer_encoding", "proxy_limit_rate", "proxy_force_ranges",
    };

    private static readonly string[] PrefixesWithoutMeaning =
    [
        "gzip", "brotli", "keepalive_", "types_hash_", "server_names_hash_", "map_hash_", "variables_hash_", "client_body_", "client_header_", "proxy_buffer", "proxy_busy_",
        "proxy_max_temp_", "proxy_temp_", "open_file_cache_", "open_log_file_", "http2_", "worker_aio_", "output_", "limit_conn_", "limit_rate_",
    ];

    private static readonly Dictionary<string, string> Deciding = new(StringComparer.Ordinal)
    {
        ["set"] = "sets a variable, by which a request may go elsewhere",
        ["rewrite"] = "changes the path, by which a request may go elsewhere",
        ["try_files"] = "answers from files, or sends a request on elsewhere",
        ["mirror"] = "sends a request to a second server as well: a base would be in two memories",
        ["auth_request"] = "asks a server of its own about each request",
        ["proxy_cache"] = "answers from a memory of its own",
        ["split_clients"] = "spreads one base over servers",
        ["hash"] = "chooses among servers, which may spread one base over them",
        ["ip_hash"] = "chooses among servers by the client: it spreads one base over them",
        ["random"] = "chooses among servers by chance: it spreads one base over them",
        ["least_conn"] = "chooses among servers by load: it spreads one base over them",
        ["least_time"] = "chooses among servers by speed: it spreads one base over them",
        ["sticky"] = "chooses among servers by the client: it spreads one base over them",
    };

    /// <summary>Goes through everything that may stand there, and says what is left out.</summary>
    /// <exception cref="Splits.ImportException">Something may decide where a base goes.</exception>
    public static void Check(IEnumerable<NginxDirective> directives, List<string> remarks)
    {
        foreach (var directive in directives)
        {
            if (Deciding.TryGetValue(directive.Name, out var why))
                throw directive.Refuse($"is not taken over: it {why}");
            // The last one may be a path, at which nginx looks as at another request.
            if (directive.Name == "index" && directive.Parameters.Any(p => p.StartsWith('/') || p.Contains('$', StringComparison.Ordinal)))
                throw directive.Refuse("is not taken over: it may send a request on elsewhere");
            if (LeftOut.TryGetValue(directive.Name, out var reason))
                remarks.Add($"{directive.Place}: '{directive}' is left out: {reason}.");
            else if (IsWithoutMeaning(directive.Name))
                remarks.Add($"{directive.Place}: '{directive}' is left out: {Nothing}.");
            else if (!Read.Contains(directive.Name))
                throw directive.Refuse("is not known here, and may decide where a base goes");
        }
    }

    private static bool IsWithoutMeaning(string name) =>
        WithoutMeaning.Contains(name) || name.StartsWith("ssl_", StringComparison.Ordinal) && !name.StartsWith("ssl_certificate", StringComparison.Ordinal)
        || name.StartsWith("proxy_ssl_", StringComparison.Ordinal) || PrefixesWithoutMeaning.Any(p => name.StartsWith(p, StringComparison.Ordinal));
}
