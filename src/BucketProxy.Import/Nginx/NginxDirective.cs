using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Nginx;

/// <summary>One directive of an nginx configuration: <c>name parameters;</c> or <c>name parameters { … }</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">Its parameters, without quotes.</param>
/// <param name="Block">What stands in its braces; null: it has none.</param>
/// <param name="Place">Where it begins.</param>
internal sealed record NginxDirective(string Name, IReadOnlyList<string> Parameters, IReadOnlyList<NginxDirective>? Block, Place Place)
{
    /// <summary>What stands in its braces.</summary>
    public IEnumerable<NginxDirective> Inside => Block ?? [];

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', Parameters.Prepend(Name));

    public ImportException Refuse(string reason) => new(Place, $"'{this}' {reason}");
}
