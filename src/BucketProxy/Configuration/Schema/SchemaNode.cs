using System.Reflection;

namespace BucketProxy.Configuration.Schema;

/// <summary>One node in the tree of what may stand in a configuration.</summary>
internal abstract record SchemaNode
{
    /// <summary>The key as an operator writes it.</summary>
    public required string Name { get; init; }

    /// <summary>Its documentation; null for the root and for the items of a list.</summary>
    public SettingAttribute? Documentation { get; init; }

    /// <summary>The property it is read into; null for the root and for the items of a list.</summary>
    public PropertyInfo? Property { get; init; }
}

/// <summary>A single value.</summary>
internal sealed record ValueNode : SchemaNode
{
    public required ValueKind Kind { get; init; }

    /// <summary>What is allowed, in words: ends the sentence of an error.</summary>
    public string Allowed => Documentation?.Allowed ?? (Documentation?.Min, Documentation?.Max) switch
    {
        ({ } min, { } max) => $"{Kind.Allowed}, {min} to {max}",
        ({ } min, null) => $"{Kind.Allowed}, at least {min}",
        (null, { } max) => $"{Kind.Allowed}, at most {max}",
        _ => Kind.Allowed,
    };
}

/// <summary>A list of values or of sections.</summary>
internal sealed record ListNode : SchemaNode
{
    public required SchemaNode Item { get; init; }
}

/// <summary>Names given by the operator, each with a text.</summary>
internal sealed record MapNode : SchemaNode;

/// <summary>A section: a record with settings of its own.</summary>
internal sealed record SectionNode : SchemaNode
{
    public required Type Type { get; init; }

    public required IReadOnlyList<SchemaNode> Children { get; init; }

    /// <summary>The setting that a bare value in the section's place is for.</summary>
    public SchemaNode? Shorthand => Children.FirstOrDefault(c => c.Documentation is { Shorthand: true });

    /// <summary>The child of that name; case does not matter.</summary>
    public SchemaNode? Find(string name) =>
        Children.FirstOrDefault(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase));
}
