using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace BucketProxy.Commands.Import;

/// <summary>nginx directives that one of our settings stands for, and what becomes of the others.</summary>
internal static partial class NginxSettings
{
    // What BucketProxy does by itself, or has no need of.
    private static readonly Dictionary<string, string> Unneeded = new(StringComparer.Ordinal)
    {
        ["worker_processes"] = "one process uses all cores",
        ["worker_connections"] = "see data.maxConnections",
        ["keepalive"] = "connections to servers are kept by themselves: data.nodeKeepAlive",
        ["proxy_http_version"] = "always so",
        ["proxy_set_header"] = "Host, Upgrade and the X-Forwarded headers are handled by themselves; others are not added",
        ["access_log"] = "there is no log line for each request",
        ["error_log"] = "see logging",
        ["server_name"] = "every name is taken",
        ["proxy_pass"] = "stands for the placement",
    };

    // Blocks, and what is looked at elsewhere.
    private static readonly HashSet<string> Structure = new(["events", "http", "upstream", "map", "location", "listen", "client_max_body_size", "server"], StringComparer.Ordinal);

    public static ImmutableSortedDictionary<string, string> Of(NginxDirective[] all, List<string> remarks)
    {
        var settings = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var inMaps = all.Where(d => d.Name == "map").SelectMany(d => d.Block ?? []).ToHashSet(ReferenceEqualityComparer.Instance);
        foreach (var directive in all.Where(d => !inMaps.Contains(d)))
        {
            if (!Take(directive, settings) && !Structure.Contains(directive.Name))
            {
                remarks.Add(Unneeded.TryGetValue(directive.Name, out var why)
                    ? $"line {directive.Line}: '{directive}' is left out: {why}."
                    : $"line {directive.Line}: '{directive}' is left out: nothing stands for it here.");
            }
        }
        return settings.ToImmutable();
    }

    private static bool Take(NginxDirective directive, ImmutableSortedDictionary<string, string>.Builder settings)
    {
        if (directive is { Name: "listen", Parameters: [var address, ..] })
            settings["data.listen"] = address.Contains(':', StringComparison.Ordinal) ? address : $"*:{address}";
        else if (directive is { Name: "client_max_body_size", Parameters: [var size] } && Size().Match(size) is { Success: true } s)
            settings["data.maxBodySize"] = s.Groups[1].Value + (s.Groups[2].Length == 0 ? "B" : s.Groups[2].Value.ToUpperInvariant() + "B");
        else if (directive is { Name: "proxy_read_timeout", Parameters: [var idle] } && Seconds().Match(idle) is { Success: true } i)
            settings["data.idleTimeout"] = $"{i.Groups[1].Value}s";
        else if (directive is { Name: "proxy_connect_timeout", Parameters: [var connect] } && Seconds().Match(connect) is { Success: true } c)
            settings["data.connectTimeout"] = $"{c.Groups[1].Value}s";
        else
            return false;
        return true;
    }

    [GeneratedRegex("^([0-9]+)([kKmMgG]?)$")]
    private static partial Regex Size();

    [GeneratedRegex("^([0-9]+)s?$")]
    private static partial Regex Seconds();
}
