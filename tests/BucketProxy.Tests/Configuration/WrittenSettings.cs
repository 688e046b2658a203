using System.Collections;
using System.Text.Json.Nodes;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Schema;

namespace BucketProxy.Tests.Configuration;

/// <summary>Settings as a file, every value written out along the schema: what counts, and two that count alike are the same text.</summary>
internal static class WrittenSettings
{
    public static string Of(BucketProxySettings settings) => Section(SettingsSchema.Root, settings).ToJsonString();

    private static JsonObject Section(SectionNode section, object of)
    {
        var written = new JsonObject();
        foreach (var child in section.Children)
        {
            if (child.Property!.GetValue(of) is { } value)
                written[child.Name] = Node(child, value);
        }
        return written;
    }

    private static JsonNode Node(SchemaNode node, object value) => node switch
    {
        ValueNode one => JsonValue.Create(one.Kind.Format(value)),
        ListNode list => new JsonArray([.. ((IEnumerable)value).Cast<object>().Select(item => Node(list.Item, item))]),
        MapNode => new JsonObject(((IEnumerable<KeyValuePair<string, string>>)value).Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
        SectionNode section => Section(section, value),
        _ => throw new InvalidOperationException($"{node.Name} has no kind."),
    };
}
