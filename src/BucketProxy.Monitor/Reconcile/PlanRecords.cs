using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Planning;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>Turns plans into orders.</summary>
internal static class PlanRecords
{
    /// <summary>The order that carries out a plan: moves between living owners. What must be in any case is not part of it.</summary>
    public static RebalanceOrder OrderOf(Plan plan, ClusterView view, string by, DateTimeOffset at, string? id = null)
    {
        var moves = plan.Moves
            .Where(m => m.Reason is PlanReason.Balance or PlanReason.Load && m.From is not null && m.From != m.To)
            .Select(m => new PlannedMoveRecord(
                m.Bucket.ToString(), m.Pin?.ToString(), m.From, m.To, PlanView.ToMoveReason(m.Reason)))
            .ToImmutableArray();
        return new RebalanceOrder
        {
            Id = id ?? IdOf(moves, view),
            Revision = view.Revision,
            By = by,
            At = at,
            Pending = moves,
            Done = moves.IsEmpty,
        };
    }

    /// <summary>
    /// Names a plan by what it says and by what it rests on: owners with their epochs, nodes, operators' wishes. Any instance
    /// comes to the same name as long as nothing of that has changed.
    /// </summary>
    private static string IdOf(ImmutableArray<PlannedMoveRecord> moves, ClusterView view)
    {
        var text = new StringBuilder();
        foreach (var move in moves)
            text.Append(move).Append('\n');
        foreach (var (bucket, grant) in view.Assignments)
            text.Append(bucket).Append(' ').Append(grant).Append('\n');
        foreach (var (pin, grant) in view.Pins)
            text.Append(pin).Append(' ').Append(grant).Append('\n');
        foreach (var (bucket, move) in view.Moves)
            text.Append(bucket).Append(' ').Append(move.CreateRevision).Append('\n');
        foreach (var node in view.Nodes.Values)
            text.Append(node.Process).Append('\n');
        foreach (var (id, policy) in view.NodePolicies)
            text.Append(id).Append(' ').Append(policy).Append('\n');
        text.Append(view.Policy.Frozen);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
        return Convert.ToHexStringLower(hash.AsSpan(0, 8));
    }
}
