using System.Collections.Immutable;
using BucketProxy.Core.Bases;

namespace BucketProxy.Commands.Import;

/// <summary>What an nginx configuration amounts to, and what of it could not be taken over.</summary>
internal sealed record ImportedNginx
{
    /// <summary>Node id, address and the upstream's name, in the order of the file.</summary>
    public required ImmutableArray<(string Id, string Url, string Upstream)> Nodes { get; init; }

    /// <summary>Owner of each of the 256 buckets.</summary>
    public required ImmutableArray<string> Owners { get; init; }

    /// <summary>Prefix to node id.</summary>
    public required ImmutableArray<(string Prefix, string Node)> Pins { get; init; }

    /// <summary>Settings that stand for directives, by key.</summary>
    public required ImmutableSortedDictionary<string, string> Settings { get; init; }

    /// <summary>What an operator should know.</summary>
    public required ImmutableArray<string> Remarks { get; init; }

    /// <summary>Entries of the map that may be about bases, and were not taken over.</summary>
    public required ImmutableArray<string> Missed { get; init; }

    /// <summary>With how many UUIDs the result was compared with nginx's own map.</summary>
    public required int Compared { get; init; }
}

/// <summary>
/// Takes a map like SeaTable's over into our placement. The map is not read but tried: whatever its patterns look like, UUIDs of
/// every bucket are sent through it, and a bucket is taken over if all its UUIDs come to one server.
/// </summary>
internal static class NginxImport
{
    private const int Seed = 20;
    private const int SamplesPerBucket = 32;
    private const int SamplesPerPin = 64;
    private const int ComparedPerBucket = 40;

    private static readonly string[] Shapes = ["/api/v1/dtables/{0}/rows/", "/dtables/{0}", "/socket.io/?dtable_uuid={0}&EIO=4&transport=polling"];

    /// <exception cref="FormatException">It holds no map that could be taken over; the message says why.</exception>
    public static ImportedNginx Read(string text)
    {
        var all = NginxDirective.Parse(text).SelectMany(d => d.Everything()).ToArray();
        var remarks = new List<string>();
        var map = FindMap(all);
        var random = new Random(Seed);
        var nodes = FindNodes(all, remarks);

        var targets = Bucket.All.Select(b => TargetOf(map, b, random)).ToArray();
        var owners = targets.Select((t, i) => nodes.TryGetValue(t, out var node)
            ? node.Id
            : throw new FormatException($"bucket {new Bucket((byte)i)} goes to '{t}', which is no upstream of this file")).ToImmutableArray();
        var pins = FindPins(map, nodes, owners, random, remarks);
        var imported = new ImportedNginx
        {
            Nodes = [.. nodes.Values.Where(n => owners.Contains(n.Id) || pins.Any(p => p.Node == n.Id))],
            Owners = owners,
            Pins = pins,
            Settings = NginxSettings.Of(all, remarks),
            Remarks = [.. Notes(map), .. remarks],
            Missed = [],
            Compared = Bucket.Count * ComparedPerBucket + pins.Length * SamplesPerPin,
        };
        Compare(imported, map, nodes, random);
        return imported with
        {
            Missed =
            [
                .. map.Untried.Select(e => $"line {e.Line}: NOT TAKEN OVER: no base that was tried came to '{e}'. If it is about single bases, pin each by its first 8 or more digits."),
            ],
        };
    }

    // The map that requests are passed on by: proxy_pass http://$its_variable.
    private static NginxMap FindMap(NginxDirective[] all)
    {
        var maps = all.Where(d => d.Name == "map" && d.Parameters.Count == 2 && d.Block is not null).ToArray();
        var passed = all.Where(d => d.Name == "proxy_pass").SelectMany(d => d.Parameters).ToArray();
        var used = maps.Where(m => passed.Any(p => p.Contains(m.Parameters[1], StringComparison.Ordinal))).ToArray();
        var map = used switch
        {
            [var one] => one,
            [] => throw new FormatException("no proxy_pass goes by a map: there is nothing to take over"),
            _ => throw new FormatException($"several maps choose servers (lines {string.Join(", ", used.Select(m => m.Line))}); one is allowed"),
        };
        return map.Parameters[0] is "$request_uri" or "$uri"
            ? new NginxMap(map)
            : throw new FormatException($"line {map.Line}: the map goes by {map.Parameters[0]}; a base is named by $request_uri only");
    }

    private static Dictionary<string, (string Id, string Url, string Upstream)> FindNodes(NginxDirective[] all, List<string> remarks)
    {
        var nodes = new Dictionary<string, (string, string, string)>(StringComparer.Ordinal);
        foreach (var upstream in all.Where(d => d is { Name: "upstream", Parameters.Count: 1, Block: not null }))
        {
            var servers = upstream.Block!.Where(d => d is { Name: "server", Parameters.Count: > 0 }).ToArray();
            if (servers.Length == 0)
                continue;
            if (servers.Length > 1)
            {
                remarks.Add($"line {upstream.Line}: upstream {upstream.Parameters[0]} has {servers.Length} servers. nginx sends one base to several of them, "
                    + $"which loses data; only the first, {servers[0].Parameters[0]}, is taken over.");
            }
            nodes[upstream.Parameters[0]] = ($"dtable-server-{nodes.Count + 1:00}", $"http://{servers[0].Parameters[0]}", upstream.Parameters[0]);
        }
        return nodes;
    }

    private static string TargetOf(NginxMap map, Bucket bucket, Random random)
    {
        var targets = Uuids(bucket.ToString(), SamplesPerBucket, random).SelectMany(id => Targets(map, id)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        return targets is [var one]
            ? one
            : throw new FormatException($"line {map.Line}: bases of bucket {bucket} go to several servers ({string.Join(", ", targets)}). "
                + "A placement goes by the first two hex digits: make the map do so, and pin single bases.");
    }

    private static ImmutableArray<(string Prefix, string Node)> FindPins(
        NginxMap map, Dictionary<string, (string Id, string Url, string Upstream)> nodes, ImmutableArray<string> owners, Random random, List<string> remarks)
    {
        var pins = ImmutableArray.CreateBuilder<(string Prefix, string Node)>();
        foreach (var literal in map.Literals)
        {
            if (!BasePrefix.TryParse(literal, out var prefix))
                continue;
            var targets = Uuids(literal, SamplesPerPin, random).SelectMany(id => Targets(map, id)).Distinct(StringComparer.Ordinal).ToArray();
            if (targets is not [var target] || !nodes.TryGetValue(target, out var node))
                remarks.Add($"line {map.Line}: bases that begin with {literal} go to {string.Join(" and ", targets)}; no pin was made.");
            else if (node.Id != owners[prefix.Bucket.Index])
                pins.Add((literal.ToLowerInvariant(), node.Id));
            else
                remarks.Add($"{literal} needs no pin: its bucket {prefix.Bucket} is on {node.Id} anyway.");
        }
        return pins.ToImmutable();
    }

    // Every UUID the same way through both: the proof that the result is the same split.
    private static void Compare(
        ImportedNginx imported, NginxMap map, Dictionary<string, (string Id, string Url, string Upstream)> nodes, Random random)
    {
        var ids = Bucket.All.SelectMany(b => Uuids(b.ToString(), ComparedPerBucket, random))
            .Concat(imported.Pins.SelectMany(p => Uuids(p.Prefix, SamplesPerPin, random)));
        foreach (var id in ids)
        {
            var parsed = BaseId.Parse(id);
            var pinned = imported.Pins.Where(p => BasePrefix.TryParse(p.Prefix, out var prefix) && prefix.Covers(parsed))
                .OrderByDescending(p => p.Prefix.Length).Select(p => p.Node).FirstOrDefault();
            var ours = pinned ?? imported.Owners[parsed.Bucket.Index];
            foreach (var target in Targets(map, id))
            {
                if (nodes[target].Id != ours)
                    throw new FormatException($"nginx sends {id} to {target}, the result to {ours}: this map cannot be taken over");
            }
        }
    }

    private static IEnumerable<string> Targets(NginxMap map, string id) =>
        Shapes.Select(s => map.Evaluate(string.Format(System.Globalization.CultureInfo.InvariantCulture, s, id)) ?? "nothing");

    private static IEnumerable<string> Uuids(string prefix, int count, Random random)
    {
        var digits = prefix.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
        for (var i = 0; i < count; i++)
        {
            // Each next digit comes up, so that a map that looks further than ours does is noticed.
            var hex = (digits + "0123456789abcdef"[i % 16] + random.GetHexString(32, lowercase: true))[..32];
            yield return BaseId.Parse(hex).ToString();
        }
    }

    private static IEnumerable<string> Notes(NginxMap map)
    {
        if (map.Default is { } fallback)
            yield return $"nginx sends a request without a base's UUID to {fallback}. Here it is answered by the proxy itself (/ping/, sys-info), or with 404: no server is a default.";
        yield return "nginx looks for the UUID anywhere in the address. Here it counts only where SeaTable puts it: behind dtables/, or as dtable_uuid.";
        foreach (var text in map.Texts)
            yield return $"line {map.Line}: the entry '{text}' is left out: it is about no base.";
        foreach (var entry in map.LeftOut)
            yield return $"line {entry.Line}: '{entry}' of the map is left out: it is not understood.";
    }
}
