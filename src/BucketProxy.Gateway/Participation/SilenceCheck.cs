using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;

namespace BucketProxy.Gateway.Participation;

/// <summary>S2, looked at while it runs.</summary>
internal static class SilenceCheck
{
    /// <summary>
    /// A bucket of which this proxy has told the store that it is silent, for a move that still stands, while something of it is in flight.
    /// Null: there is none, as it should be.
    /// </summary>
    public static string? Broken(IReadOnlyDictionary<string, long> reported, CurrentTable current, IProxyTraffic traffic)
    {
        var table = current.Table;
        foreach (var (name, move) in reported)
        {
            if (!Bucket.TryParse(name, out var bucket))
                continue;
            var entry = table.Pins.Prepend(table[bucket]).FirstOrDefault(e => e.Bucket == bucket && e.MoveRevision == move);
            if (entry is null || traffic.BusyWith(bucket, entry.Pin) is not { } busy)
                continue;
            // What was looked at must have been one table, or the move was over before the traffic was asked.
            if (ReferenceEquals(table, current.Table))
                return $"bucket {name} of move {move}: {busy}";
        }
        return null;
    }
}
