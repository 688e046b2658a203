using BucketProxy.Admin.Contract;
using BucketProxy.Cluster.View;
using BucketProxy.Configuration;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Admin.Reading;

/// <summary>Every node that is registered or configured, has a gate, or owns something.</summary>
internal static class NodeReports
{
    /// <param name="view">The view; null before the first.</param>
    /// <param name="configured">What the settings say of nodes.</param>
    /// <param name="standings">Node id to standing, as the leader says.</param>
    public static IReadOnlyList<NodeReport> Of(
        ClusterView? view, IReadOnlyList<NodeSettings> configured, IReadOnlyDictionary<string, string> standings)
    {
        var ids = new SortedSet<string>(configured.Select(n => n.Id).OfType<string>(), StringComparer.Ordinal);
        if (view is not null)
        {
            ids.UnionWith(view.Nodes.Keys);
            ids.UnionWith(view.Gates.Keys);
            ids.UnionWith(view.Assignments.Values.Select(g => g.Owner));
            ids.UnionWith(view.Pins.Values.Select(g => g.Owner));
        }
        var loads = ClusterReports.Loads(view);
        return [.. ids.Select(id => Report(id, view, configured.FirstOrDefault(n => n.Id == id), standings.GetValueOrDefault(id), loads))];
    }

    /// <summary>What each has of the buckets.</summary>
    public static IReadOnlyList<ShareReport> Shares(IEnumerable<NodeReport> nodes) =>
        [.. nodes.Select(n => new ShareReport(n.Id, n.Buckets, n.Buckets / (double)Bucket.Count, StateOf(n)))];

    /// <summary>Standing and wishes in one text.</summary>
    public static string StateOf(NodeReport node) =>
        string.Join(", ", [node.Standing, .. node.Draining ? ["draining"] : Array.Empty<string>(), .. node.Cordoned ? ["cordoned"] : Array.Empty<string>()]);

    private static NodeReport Report(string id, ClusterView? view, NodeSettings? configured, string? standing, BucketLoad[] loads)
    {
        var record = view?.Nodes.GetValueOrDefault(id);
        var known = view?.KnownNodes.GetValueOrDefault(id);
        var policy = view?.NodePolicies.GetValueOrDefault(id);
        var owned = view?.Assignments.Where(a => a.Value.Owner == id).Select(a => a.Key).ToArray() ?? [];
        var registeredByUs = record?.RegisteredByUs ?? configured is { Register: true };
        var gate = view?.Gates.GetValueOrDefault(id);
        // As the leader goes by it: the gate of the process that may hold its buckets. The gate's key alone says nothing of an earlier process.
        var kind = record?.Gate ?? known?.Gate ?? GateKind.None;
        var release = kind != GateKind.None
            ? gate is { Release: ReleaseMode.Call or ReleaseMode.Restart } able ? able.Release : ReleaseMode.None
            : policy?.Release ?? configured?.Release ?? (registeredByUs ? ReleaseMode.None : ReleaseMode.Watch);
        return new NodeReport
        {
            Id = id,
            LocalNodeUrl = record?.LocalUrlText ?? known?.LocalUrl ?? configured?.LocalNodeUrl?.OriginalString,
            NodeUrl = record?.NodeUrl ?? known?.NodeUrl ?? configured?.NodeUrl?.OriginalString,
            StartTime = record?.StartTime ?? known?.StartTime,
            // Without a leader's word only the registration is known.
            Standing = standing ?? (record is null ? "missing" : "live"),
            Cordoned = policy is { Cordoned: true },
            Draining = policy is { Draining: true },
            Weight = policy?.Weight ?? configured?.Weight ?? 1,
            Gate = kind,
            Incarnation = kind == GateKind.None ? null : gate?.Incarnation,
            Release = release,
            RestartSeconds = kind == GateKind.None ? null : gate?.RestartSeconds,
            Guarantee = kind == GateKind.None
                ? Guarantees.OfUngated(release, configured?.FollowsPins ?? record is { FollowsPins: true })
                : Guarantees.OfGated(kind, release, gate),
            Buckets = owned.Length,
            Pins = view?.Pins.Values.Count(g => g.Owner == id) ?? 0,
            Rate = owned.Sum(b => loads[b.Index].Rate),
            Bytes = owned.Sum(b => loads[b.Index].Bytes),
            Sockets = owned.Sum(b => loads[b.Index].Sockets),
        };
    }
}
