using System.Globalization;
using BucketProxy.Admin.Contract;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Admin.Reading;

/// <summary>What is guaranteed of a dtable-server, in words. Pure.</summary>
internal static class Guarantees
{
    /// <summary>Servers of which the same is guaranteed stand together.</summary>
    public static IReadOnlyList<GuaranteeReport> Of(IEnumerable<NodeReport> nodes) =>
        [.. nodes.GroupBy(n => n.Guarantee, StringComparer.Ordinal).Select(g => new GuaranteeReport([.. g.Select(n => n.Id)], g.Key))];

    /// <summary>Of a server without a gate.</summary>
    public static string OfUngated(ReleaseMode release, bool followsPins)
    {
        var moves = release switch
        {
            ReleaseMode.Call => "proven: the server says when it has saved and unloaded a bucket",
            ReleaseMode.Restart => "proven: the server's process ends before a bucket moves",
            ReleaseMode.Watch when followsPins => "assumed: the server is trusted to follow the assignments by itself",
            ReleaseMode.Watch => "assumed: the server is trusted to follow the assignments of buckets by itself; no single base is moved off it",
            _ => "none: no bucket is moved off it while it runs",
        };
        return $"{moves}; {AssumedLoss}";
    }

    /// <summary>Of a server behind a gate.</summary>
    /// <param name="kind">Whether the gate owns the server's process.</param>
    /// <param name="release">How the server gives a bucket up.</param>
    /// <param name="gate">The gate, while its key stands.</param>
    public static string OfGated(GateKind kind, ReleaseMode release, GateRecord? gate)
    {
        var moves = release switch
        {
            _ when gate is null => "none: its gate is not there to say when a bucket may leave",
            ReleaseMode.Call => "proven: a bucket moves on its gate's word that nothing of it is in flight and the server has saved and unloaded it",
            ReleaseMode.Restart => "proven: a bucket moves on its gate's word that the server's process has saved and ended",
            _ => "none: no bucket is moved off it while it runs",
        };
        if (kind != GateKind.Supervised)
            return $"{moves}; {AssumedLoss}, for its gate does not own its process";
        var lease = gate is { LeaseSeconds: > 0 }
            ? string.Create(CultureInfo.InvariantCulture, $"{gate.LeaseSeconds:0.#} s")
            : "its gate's lease";
        return $"{moves}; a crash is proven at once, the loss of its host after {lease}";
    }

    private const string AssumedLoss = "its loss is assumed when it is not registered and does not answer";
}
