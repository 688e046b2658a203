
namespace BucketProxy.Configuration;

/// <summary>
/// What an operator reads about a setting. <c>docs/configuration.md</c> is made of it, and so are the error messages:
/// a setting is described in one place only.
/// </summary>
/// <param name="description">What it is, in a sentence or two.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string description) : Attribute
{
    public string Description { get; } = description;

    /// <summary>The key, where it is not the property's name in camel case.</summary>
    public string? Name { get; init; }

    /// <summary>What raising it costs.</summary>
    public string? Raise { get; init; }

    /// <summary>What lowering it costs.</summary>
    public string? Lower { get; init; }

    /// <summary>The least value allowed, spelled as in a file.</summary>
    public string? Min { get; init; }

    /// <summary>The greatest value allowed, spelled as in a file.</summary>
    public string? Max { get; init; }

    /// <summary>What is allowed, where the type does not say it.</summary>
    public string? Allowed { get; init; }

    /// <summary>The default in words, where it is not a value.</summary>
    public string? DefaultText { get; init; }

    /// <summary>Never shown in an error, a log line or the status.</summary>
    public bool Secret { get; init; }

    /// <summary>
    /// The value that its section takes when the section is given as one value: <c>"monitor": "off"</c> for
    /// <c>"monitor": { "mode": "off" }</c>.
    /// </summary>
    public bool Shorthand { get; init; }
}
