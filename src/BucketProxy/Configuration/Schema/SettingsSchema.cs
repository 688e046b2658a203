using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;

namespace BucketProxy.Configuration.Schema;

/// <summary>
/// The tree of all settings, made once from the settings records. Reading, refusing unknown keys, errors and the
/// documentation all walk this one tree, so none of them can know a setting that another does not.
/// </summary>
internal static class SettingsSchema
{
    /// <summary>The root.</summary>
    public static SectionNode Root { get; } = Section("", null, null, typeof(BucketProxySettings));

    private static SectionNode Section(string name, SettingAttribute? documentation, PropertyInfo? property, Type type) => new()
    {
        Name = name,
        Documentation = documentation,
        Property = property,
        Type = type,
        Children =
        [
            .. from child in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
               let described = child.GetCustomAttribute<SettingAttribute>()
               where described is not null
               select Node(described.Name ?? JsonNamingPolicy.CamelCase.ConvertName(child.Name), described, child, child.PropertyType),
        ],
    };

    private static SchemaNode Node(string name, SettingAttribute? documentation, PropertyInfo? property, Type type)
    {
        if (ValueKind.Of(type) is { } kind)
            return new ValueNode { Name = name, Documentation = documentation, Property = property, Kind = kind };
        if (type == typeof(ImmutableSortedDictionary<string, string>))
            return new MapNode { Name = name, Documentation = documentation, Property = property };
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>))
        {
            return new ListNode
            {
                Name = name,
                Documentation = documentation,
                Property = property,
                // A value in the list is bound by what is said of the list (Min, Max, Allowed).
                Item = Node(name, ValueKind.Of(type.GenericTypeArguments[0]) is null ? null : documentation, null, type.GenericTypeArguments[0]),
            };
        }
        return Section(name, documentation, property, type);
    }
}
