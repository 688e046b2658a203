using System.Text.RegularExpressions;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Targets;

namespace BucketProxy.Core.Tests.Targets;

/// <summary>The extractor once more: slow, by regular expressions and split texts, for comparison.</summary>
internal static partial class TargetOracle
{
    [GeneratedRegex(@"^(?:https?://[^/?@\\%]+)?(/[^?]*)(?:\?(.*))?$", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Form { get; }

    [GeneratedRegex(@"^(?:/api/v[0-9]+(?:/internal)?)?/dtables/([^/]*)(.*)$", RegexOptions.IgnoreCase)]
    private static partial Regex Dtables { get; }

    [GeneratedRegex(@"^/api/v1/([^/]*)(/import-csv(?:/.*)?)$", RegexOptions.IgnoreCase)]
    private static partial Regex Import { get; }

    [GeneratedRegex(@"^/api/v1/internal/([^/]*)(/connected-apps(?:/.*)?)$", RegexOptions.IgnoreCase)]
    private static partial Regex Apps { get; }

    [GeneratedRegex("%([0-9a-f]{2})", RegexOptions.IgnoreCase)]
    private static partial Regex Escape { get; }

    /// <summary>The base, or null with what it is instead.</summary>
    /// <param name="target">The target.</param>
    /// <param name="hasPrefix">One of the prefixes may stand in front: not where a node gets it.</param>
    public static (TargetKind Kind, BaseId? Id, string? Forwarded) Read(string target, bool hasPrefix = true)
    {
        if (target.Any(c => c is < '!' or > '~' or '#'))
            return (TargetKind.Malformed, null, null);
        if (target == "*")
            return (TargetKind.NoBase, null, null);
        var form = Form.Match(target);
        if (!form.Success || form.Groups[1].Value.Contains('\\'))
            return (TargetKind.Malformed, null, null);
        var path = form.Groups[1].Value;
        foreach (var prefix in TargetExtractor.DefaultPrefixes)
        {
            if (hasPrefix && path.StartsWith(prefix + "/", StringComparison.Ordinal))
            {
                path = path[prefix.Length..];
                break;
            }
        }
        var forwarded = path + (target.Contains('?') ? "?" + form.Groups[2].Value : "");

        if (path.TrimEnd('/').Equals("/socket.io", StringComparison.OrdinalIgnoreCase) && !path.EndsWith("//", StringComparison.Ordinal))
            return ReadQuery(form.Groups[2].Value, forwarded);
        foreach (var shape in new[] { Dtables, Apps, Import })
        {
            if (shape.Match(path) is { Success: true } match)
            {
                return BaseId.TryParse(Decode(match.Groups[1].Value), out var id) && !ClimbsOut(match.Groups[2].Value)
                    ? (TargetKind.Base, id, forwarded)
                    : (TargetKind.Malformed, null, null);
            }
        }
        var segments = path[1..].Split('/');
        var ambiguous = path.Contains('%') || segments.Any(s => s is "." or "..") || segments.SkipLast(1).Contains("");
        return (ambiguous ? TargetKind.Malformed : TargetKind.NoBase, null, null);
    }

    /// <summary>What servers behind one another may make of the path: encoded slashes, backslashes and dots read, slashes merged, dots resolved, in any order.</summary>
    public static IEnumerable<string> Normalised(string target)
    {
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var (path, query) = mark < 0 ? (target, "") : (target[..mark], target[mark..]);
        HashSet<string> all = [path];
        for (var servers = 0; servers < 4; servers++)
        {
            all.UnionWith([.. all.SelectMany(p => new[]
            {
                p.Replace("%2f", "/", StringComparison.OrdinalIgnoreCase), p.Replace("%5c", "/", StringComparison.OrdinalIgnoreCase),
                p.Replace("%2e", ".", StringComparison.OrdinalIgnoreCase), Regex.Replace(p, "/+", "/"), Resolve(p),
            })]);
        }
        return all.Select(p => p + query);
    }

    private static string Resolve(string path)
    {
        var kept = new List<string>();
        foreach (var segment in path[1..].Split('/'))
        {
            if (segment == ".." && kept.Count > 0)
                kept.RemoveAt(kept.Count - 1);
            else if (segment is not ("." or ".."))
                kept.Add(segment);
        }
        return "/" + string.Join('/', kept);
    }

    private static (TargetKind, BaseId?, string?) ReadQuery(string query, string forwarded)
    {
        var found = new HashSet<BaseId>();
        foreach (var pair in query.Split('&'))
        {
            var name = Decode(pair.Split('=')[0]);
            if (name.StartsWith("dtable_uuid[", StringComparison.Ordinal))
                return (TargetKind.Malformed, null, null);
            if (name != "dtable_uuid")
                continue;
            if (!BaseId.TryParse(Decode(pair.Contains('=') ? pair[(pair.IndexOf('=') + 1)..] : ""), out var id))
                return (TargetKind.Malformed, null, null);
            found.Add(id);
        }
        return found.Count switch
        {
            0 => (TargetKind.NoBase, null, null),
            1 => (TargetKind.Base, found.Single(), forwarded),
            _ => (TargetKind.Malformed, null, null),
        };
    }

    private static string Decode(string text) =>
        Escape.Replace(text, m => ((char)Convert.ToByte(m.Groups[1].Value, 16)).ToString());

    // At worst: what stands between two slashes counts once.
    private static bool ClimbsOut(string behind)
    {
        var depth = 0;
        foreach (var segment in behind.Split('/'))
        {
            var names = 0;
            foreach (var part in Regex.Split(segment, "%2f|%5c", RegexOptions.IgnoreCase).Select(s => s.Replace("%2e", ".", StringComparison.OrdinalIgnoreCase)))
            {
                if (part == ".." && --depth < 0)
                    return true;
                if (part is not ("" or "." or "..") && names++ == 0)
                    depth++;
            }
        }
        return false;
    }
}
