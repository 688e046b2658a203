using System.Collections.Immutable;
using System.Globalization;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;
using BucketProxy.Monitor.Reconcile;

namespace BucketProxy.Monitor.Orders;

/// <summary>What is to be known before buckets leave a node whose gate restarts its server for it.</summary>
internal static class RestartRemarks
{
    /// <summary>One sentence for each such node.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="losers">The nodes that lose buckets.</param>
    public static ImmutableArray<string> Of(ClusterView view, params IEnumerable<string?> losers)
    {
        var remarks = ImmutableArray.CreateBuilder<string>();
        foreach (var id in losers.OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (view.Gates.GetValueOrDefault(id) is { Release: ReleaseMode.Restart } gate
                && GateProof.KindOf(view.Nodes.GetValueOrDefault(id), view.KnownNodes.GetValueOrDefault(id)) != GateKind.None)
            {
                remarks.Add($"{id} is restarted once for all that leaves it; requests for what stays there wait meanwhile: {HowLong(gate)}");
            }
        }
        return remarks.ToImmutable();
    }

    // How long it takes to save is known after the first restart only: until then its limit is what can be said.
    private static string HowLong(GateRecord gate) => gate switch
    {
        { RestartSeconds: { } last } => string.Create(CultureInfo.InvariantCulture, $"{last:0.#} s the last time"),
        { StartSeconds: { } start } => string.Create(CultureInfo.InvariantCulture, $"up to {gate.SaveSeconds:0.#} s to save, and to start {start:0.#} s the last time"),
        _ => string.Create(CultureInfo.InvariantCulture, $"up to {gate.SaveSeconds:0.#} s to save, and as long as the server takes to start"),
    };
}
