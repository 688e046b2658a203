using System.Collections.Immutable;
using BucketProxy.Import.Splits;

namespace BucketProxy.Import;

/// <summary>What another proxy's configuration amounts to.</summary>
public sealed record ImportedSplit
{
    /// <summary>Whose configuration it is: nginx or Caddy.</summary>
    public required string Product { get; init; }

    /// <summary>The servers that bases go to, and what the configuration calls them, in its order.</summary>
    public required ImmutableArray<(string Url, string Name)> Servers { get; init; }

    /// <summary>Which base goes to which.</summary>
    public required ProvenSplit Split { get; init; }

    /// <summary>What one of our settings stands for.</summary>
    public required ImportedSettings Settings { get; init; }

    /// <summary>What is left out, and what an operator should know.</summary>
    public required ImmutableArray<string> Remarks { get; init; }
}
