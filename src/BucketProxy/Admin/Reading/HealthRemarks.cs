using System.Globalization;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Core.Routing;

namespace BucketProxy.Admin.Reading;

/// <summary>What an instance that is ready says all the same of what is not as it should be. Pure.</summary>
internal static class HealthRemarks
{
    /// <summary>S8: with the store in reach, a table is at most 5 s old. After twice that the store is not in reach, whatever the connection says.</summary>
    internal static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(10);

    /// <summary>Whether the store has confirmed nothing for too long.</summary>
    public static bool IsStale(MirrorStatus status) => status.Age is { } age && age > StaleAfter;

    /// <summary>The remarks.</summary>
    /// <param name="status">How the store is followed.</param>
    /// <param name="table">The table in use.</param>
    /// <param name="isKnown">Whether the cluster's state was read.</param>
    public static IEnumerable<string> Of(MirrorStatus status, RoutingTable table, bool isKnown)
    {
        if (IsStale(status))
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"store: stale for {status.Age!.Value.TotalSeconds:0} s: {status.LastError ?? "no answer"}. Requests go by the last table; what changes its owner meanwhile is not seen here");
        }
        if (table.IsStale)
        {
            yield return $"table: the last one of an earlier process, from disk; the store has not confirmed it{(status.LastError is { } cause ? $": {cause}" : " yet")}";
        }
        if (isKnown && table.Buckets.Count(b => b.State == EntryState.Unassigned) is > 0 and var lost)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"buckets: {lost} of {table.Buckets.Count} have no owner; requests for their bases wait, and get 503 when one does not come in time");
        }
    }
}
