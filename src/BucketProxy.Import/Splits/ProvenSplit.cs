using System.Collections.Immutable;
using BucketProxy.Core.Bases;

namespace BucketProxy.Import.Splits;

/// <summary>How a configuration splits bases over servers: for every UUID that there is, and every place where SeaTable's programs write one.</summary>
public sealed record ProvenSplit
{
    /// <summary>The server of each of the 256 buckets: its URL.</summary>
    public required ImmutableArray<string> Owners { get; init; }

    /// <summary>Bases that are elsewhere than their bucket, in order.</summary>
    public required ImmutableArray<(BasePrefix Prefix, string Url)> Pins { get; init; }

    /// <summary>How many kinds of requests it was proven for.</summary>
    public required int Shapes { get; init; }

    /// <summary>What the configuration does otherwise than we do, with requests that SeaTable's programs do not send.</summary>
    public required ImmutableArray<string> Remarks { get; init; }
}
