using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using BucketProxy.Configuration.Schema;
using BucketProxy.Configuration.Sources;

namespace BucketProxy.Configuration.Reading;

/// <summary>
/// Reads the stacked layers into the settings records, along the schema. A value that is not allowed is reported and its
/// default taken, so that one run reports everything that is wrong.
/// </summary>
/// <param name="layers">From the lowest to the topmost.</param>
/// <param name="errors">Where errors go.</param>
internal sealed class SettingsReader(IReadOnlyList<SettingsLayer> layers, ICollection<SettingError> errors)
{
    private readonly IReadOnlyList<SettingsLayer> _fromTop = [.. layers.Reverse()];

    public BucketProxySettings Read()
    {
        foreach (var layer in layers)
            RefuseUnknown(layer, SettingsSchema.Root, "", layer.Data);
        return (BucketProxySettings)ReadSection(SettingsSchema.Root, "", _fromTop);
    }

    private object ReadSection(SectionNode section, string path, IReadOnlyList<SettingsLayer> from)
    {
        var read = Activator.CreateInstance(section.Type)!;
        foreach (var child in section.Children)
        {
            var value = child.Documentation is { Shorthand: true }
                ? ReadNode(child, from, Join(path, child.Name), path)
                : ReadNode(child, from, Join(path, child.Name));
            if (value is not null)
                child.Property!.SetValue(read, value);
        }
        return read;
    }

    /// <summary>The value, or null: not given, or not allowed and reported.</summary>
    private object? ReadNode(SchemaNode node, IReadOnlyList<SettingsLayer> from, params ReadOnlySpan<string> paths)
    {
        if (node is SectionNode section)
            return ReadSection(section, paths[0], from);
        if (Topmost(node, from, paths) is not var (layer, path))
            return null;
        var data = layer.Data.GetSection(path);
        return node switch
        {
            ListNode list => ReadList(list, layer, path, data),
            MapNode => ReadMap(layer, path, data),
            ValueNode value => ReadValue(value, layer, path, data),
            _ => throw new InvalidOperationException($"No reader for {node.GetType().Name}."),
        };
    }

    private static (SettingsLayer Layer, string Path)? Topmost(
        SchemaNode node, IReadOnlyList<SettingsLayer> from, ReadOnlySpan<string> paths)
    {
        foreach (var layer in from)
        {
            foreach (var path in paths)
            {
                if (IsGiven(layer.Data.GetSection(path), node) && ExpectedTypes.Problem(node, layer.Kind(path)) is null)
                    return (layer, path);
            }
        }
        return null;
    }

    // A value is given by a text; an empty list or map counts as given: it replaces the one below.
    private static bool IsGiven(IConfigurationSection data, SchemaNode node) =>
        data.Value is not null || (node is not ValueNode && data.GetChildren().Any());

    private object? ReadValue(ValueNode node, SettingsLayer layer, string path, IConfigurationSection data) =>
        ParseValue(node, layer, path, data.Value!.Trim());

    private object? ParseValue(ValueNode node, SettingsLayer layer, string path, string text)
    {
        var value = text.Length == 0 && node.Kind.Parse("") is null ? null : node.Kind.Parse(text);
        if (value is not null && IsInRange(node, value))
            return value;
        Report(layer, path, node.Documentation is { Secret: true } ? null : text, $"is not allowed; allowed: {node.Allowed}.");
        return null;
    }

    private static bool IsInRange(ValueNode node, object value) =>
        (node.Documentation?.Min is not { } min || ((IComparable)value).CompareTo(node.Kind.Parse(min)) >= 0)
        && (node.Documentation?.Max is not { } max || ((IComparable)value).CompareTo(node.Kind.Parse(max)) <= 0);

    private object? ReadList(ListNode node, SettingsLayer layer, string path, IConfigurationSection data)
    {
        var items = new List<object?>();
        foreach (var child in data.GetChildren())
        {
            var at = Join(path, child.Key);
            if (!child.Key.All(char.IsAsciiDigit))
                Report(layer, at, null, "is a name where a list is expected: items are [0], [1] and so on.");
            else if (ExpectedTypes.Problem(node.Item, layer.Kind(at)) is not null)
                items.Add(null);
            else if (node.Item is SectionNode section)
                items.Add(ReadSection(section, at, [layer]));
            else if (child.Value is { } text)
                items.Add(ParseValue((ValueNode)node.Item, layer, at, text.Trim()));
            else
                Report(layer, at, null, $"{(layer.Kind(at) is JsonValueKind.Null ? "is null" : "holds settings of its own")}; allowed: {((ValueNode)node.Item).Allowed}.");
        }
        if (items.Count == 0 && data.Value is { Length: > 0 } commas)
        {
            if (node.Item is ValueNode value)
                items.AddRange(SplitCommas(commas).Select(t => ParseValue(value, layer, path, t)));
            else
                Report(layer, path, commas, $"is one value; a list is expected: [ {{ … }}, … ].");
        }
        // A reported item leaves a hole; the settings are not used then.
        return MakeArray(node.Property!.PropertyType, items);
    }

    private static object MakeArray(Type type, List<object?> items)
    {
        var element = type.GenericTypeArguments[0];
        var array = Array.CreateInstance(element, items.Count(i => i is not null));
        var at = 0;
        foreach (var item in items.OfType<object>())
            array.SetValue(item, at++);
        return typeof(SettingsReader).GetMethod(nameof(Freeze), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(element).Invoke(null, [array])!;
    }

    private static ImmutableArray<T> Freeze<T>(T[] items) => ImmutableArray.Create(items);

    private ImmutableSortedDictionary<string, string> ReadMap(SettingsLayer layer, string path, IConfigurationSection data)
    {
        var map = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var child in data.GetChildren())
        {
            var at = Join(path, child.Key);
            if (child.Value is { } text && layer.Kind(at) is null or JsonValueKind.String && !child.GetChildren().Any())
                map[child.Key] = text.Trim();
            else
                Report(layer, at, child.Value is { Length: > 0 } other ? other : null, "must be one text.");
        }
        foreach (var pair in map.Count > 0 ? [] : SplitCommas(data.Value ?? ""))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                Report(layer, path, pair, "is not allowed; allowed: NAME=VALUE, several with commas.");
            else if (!map.TryAdd(pair[..equals].Trim(), pair[(equals + 1)..].Trim()))
                Report(layer, path, pair, "names something twice.");
        }
        return map.ToImmutable();
    }

    private static string[] SplitCommas(string text) =>
        text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private void RefuseUnknown(SettingsLayer layer, SchemaNode node, string path, IConfiguration data)
    {
        var kind = layer.Kind(path);
        if (ExpectedTypes.Problem(Meant(node, kind), kind) is { } problem)
        {
            var isShown = kind is not (JsonValueKind.Object or JsonValueKind.Array) && node.Documentation is not { Secret: true };
            Report(layer, path, isShown ? layer.Data[path] : null, problem);
            return;
        }
        switch (node)
        {
            case SectionNode section:
                foreach (var child in data.GetChildren())
                {
                    var at = Join(path, child.Key);
                    if (section.Find(child.Key) is { } known)
                        RefuseUnknown(layer, known, at, child);
                    else
                        Report(layer, at, null, NearestKey.Find(section, path.Length == 0 ? "" : SettingsLayer.SpellAsFile(path), child.Key) is { } near
                            ? $"is no setting. Did you mean {near}?"
                            : $"is no setting. Known here: {string.Join(", ", section.Children.Select(c => c.Name))}.");
                }
                if (data is IConfigurationSection { Value.Length: > 0 } one)
                {
                    if (section.Shorthand is not { } shorthand)
                        Report(layer, path, one.Value, "is one value; a section is expected: { … }.");
                    else if (layer.Data[Join(path, shorthand.Name)] is not null)
                        Report(layer, path, one.Value, $"is given, and so is {layer.Spell(Join(path, shorthand.Name))}; allowed: one of the two.");
                }
                break;
            case ListNode or MapNode when data is IConfigurationSection { Value.Length: > 0 } text && data.GetChildren().Any():
                Report(layer, path, text.Value, "is given as one text, and so is what it holds; allowed: one of the two.");
                break;
            case ListNode { Item: var item }:
                // A value's own settings are reported where it is read.
                foreach (var child in data.GetChildren().Where(c => c.Key.All(char.IsAsciiDigit) && (item is SectionNode || c.Value is not null)))
                    RefuseUnknown(layer, item, Join(path, child.Key), child);
                break;
            case ValueNode value when data.GetChildren().Any():
                Report(layer, path, null, $"holds settings of its own; one value is expected: {value.Allowed}.");
                break;
        }
    }

    /// <summary>One value in a section's place is meant for its shorthand.</summary>
    private static SchemaNode Meant(SchemaNode node, JsonValueKind? kind) =>
        node is SectionNode { Shorthand: { } one } && kind is not (JsonValueKind.Object or JsonValueKind.Array) ? one : node;

    private void Report(SettingsLayer layer, string path, string? value, string problem) =>
        errors.Add(new SettingError(layer.Name, layer.Spell(path), value, problem));

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}:{name}";
}
