using BucketProxy.Admin.Contract;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;

namespace BucketProxy.Admin.Reading;

/// <summary>
/// Which bases are worth a pin: moving buckets cannot even out a bucket that alone is more than a server's fair share, but taking its
/// hottest bases out of it can. Pure.
/// </summary>
internal static class PinAdvice
{
    /// <summary>A base below this part of a fair share is not worth a pin: moving it changes nothing that one could see.</summary>
    private const double LeastPart = 0.1;

    /// <param name="table">Who owns what.</param>
    /// <param name="view">The load, as proxies report it; null before the first view.</param>
    /// <param name="nodes">The nodes, with their weights.</param>
    public static IReadOnlyList<PinAdviceReport> Of(RoutingTable table, ClusterView? view, IReadOnlyList<NodeReport> nodes)
    {
        var takers = nodes.Where(n => n is { Standing: "live", Cordoned: false, Draining: false }).ToDictionary(n => n.Id, n => n.Weight, StringComparer.Ordinal);
        if (view is null || takers.Count < 2)
            return [];
        var loads = ClusterReports.Loads(view);
        var perWeight = loads.Sum(l => l.Rate) / takers.Values.Sum();
        var hottest = view.Loads.Values.SelectMany(l => l.Hottest).GroupBy(b => b.Base, StringComparer.Ordinal)
            .Select(g => (Id: BaseId.TryParse(g.Key, out var id) ? id : (BaseId?)null, Rate: g.Sum(b => b.Rate)))
            .Where(b => b.Id is not null).Select(b => (Entry: table.Find(b.Id!.Value), Id: b.Id!.Value, b.Rate)).ToArray();
        // What is pinned already goes to its own server.
        var pinned = hottest.Where(b => b.Entry.Pin is not null).GroupBy(b => b.Id.Bucket).ToDictionary(g => g.Key, g => g.Sum(b => b.Rate));
        var advice = new List<PinAdviceReport>();
        foreach (var (entry, id, rate) in hottest.Where(b => b.Entry.Pin is null))
        {
            var share = perWeight * (entry.Owner is { } owner ? takers.GetValueOrDefault(owner.Id, 1) : 1);
            var bucket = loads[id.Bucket.Index].Rate - pinned.GetValueOrDefault(id.Bucket);
            if (share > 0 && bucket > share && rate >= LeastPart * share)
                advice.Add(new PinAdviceReport(id.ToString(), id.Bucket.ToString(), entry.Owner?.Id, rate, bucket, share));
        }
        return [.. advice.OrderByDescending(a => a.Rate).ThenBy(a => a.Base, StringComparer.Ordinal)];
    }
}
