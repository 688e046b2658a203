using System.Collections.Immutable;
using BucketProxy.Core.Bases;

namespace BucketProxy.Monitor.Options;

/// <summary>Who decides which node owns a bucket.</summary>
public enum PlacementMode
{
    /// <summary>The planner: shares by weight, fewest moves, measured load; a lost node's buckets go to the others.</summary>
    Balanced,

    /// <summary>Configured ranges. Nothing fails over: a node that is away keeps its buckets, requests wait and then get 503.</summary>
    Static,
}

/// <summary>One line of a static placement.</summary>
/// <param name="From">First bucket.</param>
/// <param name="To">Last bucket, included.</param>
/// <param name="NodeId">Who owns them.</param>
public sealed record StaticRange(Bucket From, Bucket To, string NodeId)
{
    /// <summary>
    /// Reads <c>0-9</c> (first digit: buckets 00 to 9f), <c>00-9f</c>, a single digit <c>a</c> (a0 to af) or bucket <c>ff</c>.
    /// </summary>
    public static bool TryParse(string text, string nodeId, out StaticRange range)
    {
        range = new StaticRange(default, default, nodeId);
        ArgumentNullException.ThrowIfNull(text);
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var first = (dash < 0 ? text : text[..dash]).Trim();
        var last = (dash < 0 ? text : text[(dash + 1)..]).Trim();
        if (!TryBound(first, '0', out var from) || !TryBound(last, 'f', out var to) || to < from)
            return false;
        range = new StaticRange(from, to, nodeId);
        return true;
    }

    private static bool TryBound(string text, char padding, out Bucket bucket) =>
        Bucket.TryParse(text.Length == 1 ? text + padding : text, out bucket);
}

/// <summary>A configured exception from the placement: one base, or the bases under a prefix, on a given node.</summary>
/// <param name="Pin">Whole UUID or its first 8 or more hex digits.</param>
/// <param name="NodeId">Who shall own it. An operator's pin in the store wins over a configured one.</param>
public sealed record PinOptions(BasePrefix Pin, string NodeId);

/// <summary>How buckets are placed on nodes.</summary>
public sealed record PlacementOptions
{
    /// <summary>Default: balanced.</summary>
    public PlacementMode Mode { get; init; } = PlacementMode.Balanced;

    /// <summary>For <see cref="PlacementMode.Static"/>: must cover all 256 buckets, none twice.</summary>
    public ImmutableArray<StaticRange> Ranges { get; init; } = [];

    /// <summary>Exceptions for single bases.</summary>
    public ImmutableArray<PinOptions> Pins { get; init; } = [];

    internal string? StaticOwner(Bucket bucket)
    {
        foreach (var range in Ranges)
        {
            if (bucket >= range.From && bucket <= range.To)
                return range.NodeId;
        }
        return null;
    }

    internal void Validate(OptionErrors errors, IReadOnlySet<string> nodeIds)
    {
        foreach (var pin in Pins.GroupBy(p => p.Pin).Where(g => g.Count() > 1))
            errors.Add("placement.pins", pin.Key.ToString(), "each base or prefix once");
        foreach (var pin in Pins)
            errors.Require(NodeOptions.IsNodeId(pin.NodeId), $"placement.pins[{pin.Pin}]", pin.NodeId, "a node id");
        if (Mode == PlacementMode.Balanced)
        {
            errors.Require(Ranges.IsDefaultOrEmpty, "placement.ranges", Ranges.Length, "none, unless placement.mode is 'static'");
            return;
        }
        foreach (var range in Ranges)
        {
            errors.Require(nodeIds.Contains(range.NodeId), $"placement.ranges[{range.From}-{range.To}]", range.NodeId,
                "the id of a configured node");
        }
        var missing = Bucket.All.Where(b => !Ranges.Any(r => b >= r.From && b <= r.To)).ToArray();
        errors.Require(missing.Length == 0, "placement.ranges", $"nothing for {string.Join(",", missing.Take(4))}…",
            "ranges that cover 00 to ff");
        var twice = Bucket.All.Where(b => Ranges.Count(r => b >= r.From && b <= r.To) > 1).ToArray();
        errors.Require(twice.Length == 0, "placement.ranges", $"{string.Join(",", twice.Take(4))}… twice", "each bucket once");
    }
}
