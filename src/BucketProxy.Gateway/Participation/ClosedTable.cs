using BucketProxy.Core.Routing;

namespace BucketProxy.Gateway.Participation;

/// <summary>The table of a proxy that must not forward.</summary>
internal static class ClosedTable
{
    /// <summary>
    /// The same entries, none open, all of them new objects: what was in flight through the old ones is cut, and nothing
    /// finds them any more. Its revision is 0, so that any view is newer.
    /// </summary>
    public static RoutingTable Of(RoutingTable table) => new(
        table.ClusterId, 0,
        [.. table.Buckets.Select(Close)],
        [.. table.Pins.Select(Close)],
        table.Nodes.Values);

    private static RoutingEntry Close(RoutingEntry entry) => new()
    {
        Bucket = entry.Bucket,
        Pin = entry.Pin,
        State = EntryState.Unassigned,
        Owner = entry.Owner,
    };
}
