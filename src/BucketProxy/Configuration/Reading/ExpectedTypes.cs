using System.Text.Json;
using BucketProxy.Configuration.Schema;
using BucketProxy.Configuration.Sources;

namespace BucketProxy.Configuration.Reading;

/// <summary>Which types of a JSON file a setting may have. Text is always one: it is how the environment says everything.</summary>
internal static class ExpectedTypes
{
    /// <summary>What is wrong with a value of this type in the setting's place; null: nothing.</summary>
    /// <param name="node">The setting.</param>
    /// <param name="kind">The type; null: its source knows texts only.</param>
    public static string? Problem(SchemaNode node, JsonValueKind? kind) => kind is not { } given || IsAllowed(node, given)
        ? null
        : $"is {SettingsLayer.Word(given)}; {Expected(node)}";

    private static bool IsAllowed(SchemaNode node, JsonValueKind kind) => kind is JsonValueKind.String or JsonValueKind.Null || node switch
    {
        ValueNode value => value.Kind.Types.Contains(kind),
        ListNode => kind is JsonValueKind.Array,
        _ => kind is JsonValueKind.Object,
    };

    private static string Expected(SchemaNode node) => node switch
    {
        ValueNode { Kind.IsText: true, Allowed: var allowed } => $"text is expected{(allowed == "text" ? "" : $": {allowed}")}.",
        ValueNode { Allowed: var allowed } => $"allowed: {allowed}.",
        ListNode { Item: ValueNode { Allowed: var allowed } } => $"a list is expected; each {allowed}.",
        ListNode => "a list is expected: [ { … }, … ].",
        MapNode => "names, each with a text, are expected: { NAME: \"…\" }.",
        _ => "a section is expected: { … }.",
    };
}
