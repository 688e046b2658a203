using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Nginx;

/// <summary>Where <c>proxy_pass</c> leads: the one server of an upstream, or an address.</summary>
internal sealed class NginxUpstreams
{
    // To a server that is alone.
    private static readonly string[] OfNoMatter = ["weight=", "max_fails=", "fail_timeout=", "max_conns=", "slow_start="];

    private readonly Dictionary<string, NginxDirective> _upstreams = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<(string Url, string Name)> _used = [];
    private readonly List<string> _remarks;

    public NginxUpstreams(IEnumerable<NginxDirective> http, List<string> remarks)
    {
        _remarks = remarks;
        foreach (var upstream in http.Where(d => d.Name == "upstream"))
        {
            if (upstream is not { Parameters: [var name], Block: not null })
                throw upstream.Refuse("is no upstream");
            _upstreams[name] = upstream;
        }
    }

    /// <summary>Every server that something leads to, in the order of the file.</summary>
    public IReadOnlyList<(string Url, string Name)> Used =>
        [.. _used.OrderBy(u => _upstreams.TryGetValue(u.Name, out var upstream) ? upstream.Place.Line : int.MaxValue)];

    /// <summary>What a <c>proxy_pass</c> comes to.</summary>
    /// <param name="target">Its parameter, with its variables' values.</param>
    /// <param name="at">It.</param>
    /// <param name="location">How the paths begin that its location is for; null: it is not one for a beginning.</param>
    /// <param name="goesOn">What the client sent stands behind it.</param>
    public Outcome Lead(string target, NginxDirective at, string? location, bool goesOn)
    {
        var scheme = target.StartsWith("http://", StringComparison.Ordinal) ? "http" : target.StartsWith("https://", StringComparison.Ordinal) ? "https" : null;
        if (scheme is null)
            throw at.Refuse($"leads to '{target}', which is no http address");
        var rest = target[(scheme.Length + 3)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var (name, path) = slash < 0 ? (rest, null) : (rest[..slash], rest[slash..]);
        if (name.Length == 0)
            return new Outcome.Answer("500, since there is no server");
        var url = Server(name, scheme, at);
        if (!_used.Contains((url, name)))
            _used.Add((url, name));
        if (path is null)
            return new Outcome.Server(url);
        if (goesOn)
            return new Outcome.Server(url, "", path);
        // Where nginx puts variables in, what stands there is the whole request; else it takes the place of the location's path.
        if (at.Parameters[0].Contains('$', StringComparison.Ordinal))
            return new Outcome.Elsewhere(url, path);
        return location is null
            ? throw at.Refuse("replaces the whole path")
            : new Outcome.Server(url, location, path);
    }

    private string Server(string name, string scheme, NginxDirective at)
    {
        if (!_upstreams.TryGetValue(name, out var upstream))
        {
            if (_upstreams.ContainsKey(name.Split(':')[0]))
                throw at.Refuse($"leads to '{name}', an upstream with a port, which is none to nginx");
            return name.Length > 0 && (name.Contains('.', StringComparison.Ordinal) || name.Contains(':', StringComparison.Ordinal) || !at.Parameters[0].Contains('$', StringComparison.Ordinal))
                && ServerUrl.Of(scheme, name, scheme == "https" ? 443 : 80) is { } address
                ? address
                : throw at.Refuse($"leads to '{name}', which is no upstream of this file");
        }
        var servers = upstream.Inside.Where(d => d.Name == "server").ToArray();
        NginxVocabulary.Check(upstream.Inside.Where(d => d.Name != "server"), []);
        var alive = servers.Where(IsAlive).ToArray();
        if (alive is not [var one])
        {
            throw upstream.Refuse(alive.Length == 0
                ? "has no server that is not 'down'"
                : $"has {alive.Length} servers ({string.Join(", ", alive.Select(s => s.Parameters[0]))}): nginx sends one base to several of them, which loses data");
        }
        return ServerUrl.Of(scheme, one.Parameters[0], 80) ?? throw one.Refuse("is no address of a server");
    }

    private bool IsAlive(NginxDirective server)
    {
        if (server.Parameters.Count == 0 || server.Block is not null)
            throw server.Refuse("is no server");
        var isDown = false;
        foreach (var parameter in server.Parameters.Skip(1))
        {
            if (parameter == "down")
                isDown = true;
            else if (parameter == "backup")
                throw server.Refuse("is a second server for the same bases, which loses data");
            else if (!OfNoMatter.Any(p => parameter.StartsWith(p, StringComparison.Ordinal)))
                throw server.Refuse($"has a '{parameter}', which is not understood");
        }
        var remark = $"{server.Place}: '{server}' is left out: it is down.";
        if (isDown && !_remarks.Contains(remark))
            _remarks.Add(remark);
        return !isDown;
    }
}
