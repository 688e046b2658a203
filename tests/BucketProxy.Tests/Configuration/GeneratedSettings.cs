using System.Globalization;
using System.Text.Json.Nodes;
using BucketProxy.Configuration.Schema;

namespace BucketProxy.Tests.Configuration;

/// <summary>Settings at random, along the schema: a file that is allowed with some settings more, of which some are not.</summary>
internal static class GeneratedSettings
{
    private static readonly string[] Bases =
    [
        $$"""{ {{Loading.OneNode}} }""",
        """{ "store": "etcd", "etcd": { "endpoints": ["etcd-01", "etcd-02:2379"] } }""",
        """{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "roles": ["gate"], "gate": { "node": "dtable-server-01", "advertise": "http://one:5551" } }""",
        """
        {
          "store": "embedded",
          "nodes": [ { "id": "dtable-server-01", "local_node_url": "http://one" }, { "id": "dtable-server-02", "local_node_url": "http://two" } ],
          "placement": { "mode": "static", "ranges": { "0-9": "dtable-server-02", "a-f": "dtable-server-01" } }, "pins": { "ff84e1a1-66e2": "dtable-server-02" }
        }
        """,
        """{ "cluster_config": { "etcd_host_list": ["etcd-01:2379"] } }""",
        "{ }",
    ];

    private static readonly string[] Names =
        ["ff84e1a1", "FF84E1A1-66e2", "ff84e1a1-66e2-4a3b-9c1d-0123456789ab", "00112233", "0-9", "a-f", "7", "00-7f", "80-ff", "f-0", "-", "", "a:b", "zz"];

    private static readonly string[] Unknown = ["nope", "", ":", "a:b", "listen", "_", "0", "data", "Data:listen", "\u2603", "a\nb", "nodes:5:id", "nodes:0:id", "etcd:endpoints", "monitor", "etcd_host"];

    /// <summary>A file's content.</summary>
    /// <param name="random">Decides.</param>
    /// <param name="isOdd">Some of it may have another type, or be no setting.</param>
    public static JsonObject File(Random random, bool isOdd)
    {
        var file = JsonNode.Parse(Bases[random.Next(isOdd ? Bases.Length : Bases.Length - 2)])!.AsObject();
        for (var more = random.Next(5); more > 0; more--)
            Add(file, SettingsSchema.Root, random, isOdd);
        return file;
    }

    /// <summary>The same by paths, as the environment and the command line know it.</summary>
    public static IEnumerable<(string Path, string Value)> Leaves(JsonNode? node, string path = "") => node switch
    {
        null => [],
        JsonObject { Count: > 0 } section => section.SelectMany(p => Leaves(p.Value, path.Length == 0 ? p.Key : $"{path}:{p.Key}")),
        JsonArray { Count: > 0 } list => list.SelectMany((item, i) => Leaves(item, $"{path}:{i}")),
        JsonObject or JsonArray => path.Length == 0 ? [] : [(path, "")],
        _ => [(path, node.ToString())],
    };

    /// <summary>A path as a name in the environment, in one of its spellings.</summary>
    public static string Variable(string path, Random random)
    {
        var name = path.Replace(":", "__", StringComparison.Ordinal);
        var underscore = name.Length > 1 && char.IsAsciiLetter(name[^1]) && char.IsAsciiLetter(name[^2]) && random.Next(3) == 0;
        if (underscore)
            name = $"{name[..^1]}_{name[^1]}";
        return "BUCKETPROXY_" + (random.Next(2) == 0 ? name.ToUpperInvariant() : name);
    }

    private static void Add(JsonObject to, SectionNode section, Random random, bool isOdd)
    {
        var child = section.Children[random.Next(section.Children.Count)];
        if (isOdd && random.Next(8) == 0)
            to[random.Next(2) == 0 ? Unknown[random.Next(Unknown.Length)] : child.Name] = Odd(random);
        else if (child is SectionNode inner && to[child.Name] is null or JsonObject)
            Add(to[child.Name] as JsonObject ?? New(), inner, random, isOdd);
        else
            to[child.Name] = Value(child, child.Property!.PropertyType, random, isOdd);

        JsonObject New()
        {
            var made = new JsonObject();
            to[child.Name] = made;
            return made;
        }
    }

    private static JsonNode? Value(SchemaNode node, Type type, Random random, bool isOdd)
    {
        if (isOdd && random.Next(16) == 0)
            return Odd(random);
        switch (node)
        {
            case ValueNode value:
                var text = GeneratedValues.Next(value, type, random);
                // As it is, where the type may be one of a file's own.
                return random.Next(2) == 0 && (int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out _) || text is "true" or "false") && !value.Kind.IsText ? JsonNode.Parse(text.Trim('+', ' ')) : text;
            case ListNode list:
                return new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Value(list.Item, type.GenericTypeArguments[0], random, isOdd))]);
            case MapNode:
                var map = new JsonObject();
                for (var names = random.Next(4); names > 0; names--)
                    map[Names[random.Next(Names.Length)]] = random.Next(8) == 0 ? "x" : $"dtable-server-0{random.Next(1, 3)}";
                return map;
            case SectionNode section:
                var made = new JsonObject();
                for (var children = random.Next(4); children > 0; children--)
                    Add(made, section, random, isOdd);
                return made;
            default:
                throw new InvalidOperationException($"{node.Name} has no kind.");
        }
    }

    private static JsonNode? Odd(Random random) => random.Next(10) switch
    {
        0 => 7,
        1 => true,
        2 => null,
        3 => "",
        4 => new JsonArray(),
        5 => new JsonObject(),
        6 => new JsonArray(null, 1),
        7 => new JsonObject { ["a"] = "b" },
        8 => new JsonArray(new JsonArray(1)),
        _ => "\u2603\n",
    };
}
