using System.Globalization;
using BucketProxy.Configuration.Schema;
using BucketProxy.Configuration.Sources;

namespace BucketProxy.Configuration.Reading;

/// <summary>Where a setting came from, so that an error about several settings still points at a line to change.</summary>
/// <param name="layers">From the lowest to the topmost.</param>
/// <param name="errors">Where errors go.</param>
internal sealed class SettingsOrigins(IReadOnlyList<SettingsLayer> layers, ICollection<SettingError> errors)
{
    /// <summary>Whether any layer says anything at or under the path. Of a list only the layer that it is from counts.</summary>
    public bool IsGiven(string path)
    {
        var (given, from) = AsGiven(path);
        return from is null ? Find(given) is not null : from.Data.GetSection(given).Exists();
    }

    /// <summary>Reports a setting (path with <c>:</c>) where it stands.</summary>
    public void Report(string path, string? value, string problem)
    {
        (path, var from) = AsGiven(path);
        var (whole, inside) = Whole(path);
        // There it may be one text, in which the item has no place of its own.
        var layer = layers.LastOrDefault(l => (from is null || from == l) && (l.Data.GetSection(path).Exists() || IsOneText(l) || (inside is not null && l.Data.GetSection(whole!).Exists())));
        var key = layer is null ? SettingsLayer.SpellAsFile(path)
            : !IsOneText(layer) ? layer.Spell(path)
            : inside is { Length: > 0 } ? $"{layer.Spell(whole!)}: {inside}" : layer.Spell(whole!);
        errors.Add(new SettingError(layer?.Name, key, value, problem));

        bool IsOneText(SettingsLayer of) => whole is not null && of.Data[whole] is { Length: > 0 };
    }

    /// <summary>
    /// What a source may say in one text in place of the path: a map (counted whole, so the name inside it is given too) or a section with a
    /// shorthand.
    /// </summary>
    private static (string? Whole, string? Inside) Whole(string path)
    {
        SchemaNode? node = SettingsSchema.Root;
        var parts = path.Split(ConfigurationPath.KeyDelimiter);
        for (var i = 0; i < parts.Length; i++)
        {
            if (node is MapNode)
                return (Path(parts[..i]), Path(parts[i..]));
            if (node is SectionNode { Shorthand: { } shorthand } && i == parts.Length - 1 && shorthand.Name == parts[i])
                return (Path(parts[..i]), null);
            node = Inside(node, parts[i]);
        }
        return (null, null);
    }

    /// <summary>
    /// The path with items by the numbers that their source gives them. Settings count those that were read: a source may leave numbers out, and an item of another
    /// type is not among them.
    /// </summary>
    /// <returns>The path, and the layer that the list in it is from; null: there is none in it.</returns>
    private (string Path, SettingsLayer? From) AsGiven(string path)
    {
        SettingsLayer? from = null;
        SchemaNode? node = SettingsSchema.Root;
        var parts = path.Split(ConfigurationPath.KeyDelimiter);
        for (var i = 0; i < parts.Length; i++)
        {
            if (node is ListNode list && ItemsOf(list, Path(parts[..i]), out var layer).ElementAtOrDefault(int.Parse(parts[i], CultureInfo.InvariantCulture)) is { } number)
                (parts[i], from) = (number, from ?? layer);
            node = Inside(node, parts[i]);
        }
        return (Path(parts), from);
    }

    private IEnumerable<string> ItemsOf(ListNode list, string path, out SettingsLayer? from)
    {
        var layer = layers.LastOrDefault(l => l.Data.GetSection(path).GetChildren().Any() && ExpectedTypes.Problem(list, l.Kind(path)) is null);
        from = layer;
        return layer is null ? [] : layer.Data.GetSection(path).GetChildren()
            .Where(c => c.Key.All(char.IsAsciiDigit) && ExpectedTypes.Problem(list.Item, layer.Kind(c.Path)) is null).Select(c => c.Key);
    }

    private static SchemaNode? Inside(SchemaNode? node, string part) => node switch
    {
        SectionNode section => section.Find(part),
        ListNode list => list.Item,
        _ => null,
    };

    private static string Path(string[] some) => string.Join(ConfigurationPath.KeyDelimiter, some);

    private SettingsLayer? Find(string path) => layers.LastOrDefault(l => l.Data.GetSection(path).Exists());
}
