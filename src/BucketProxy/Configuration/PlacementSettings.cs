using System.Collections.Immutable;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Configuration;

/// <summary>Which server gets which bucket.</summary>
internal sealed record PlacementSettings
{
    [Setting("'balanced': the planner evens out buckets and load, and gives a dead server's buckets to the others. 'static': exactly as 'ranges' says; a dead server's buckets wait for it.",
        Shorthand = true)]
    public PlacementMode Mode { get; init; } = PlacementMode.Balanced;

    [Setting("For 'static': a range of first hex digits ('0-9', 'a-f', '7') or of buckets ('00-7f', 'c3') to a node id. Every bucket must be covered exactly once.")]
    public ImmutableSortedDictionary<string, string> Ranges { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
}
