namespace BucketProxy.Core.Planning;

/// <summary>Static placement: each bucket belongs to the node that the configuration names, and to no other, even while that
/// node is away. Weights, drains and load do not count.</summary>
internal static class StaticPlanner
{
    /// <param name="work">Is changed.</param>
    /// <param name="placement">The node of each bucket, or <see cref="Workspace.Nobody"/>: not there.</param>
    public static void Plan(Workspace work, int[] placement)
    {
        for (var b = 0; b < placement.Length; b++)
        {
            int owner = work.Owner[b], to = placement[b];
            if (work.Busy[b] || to == Workspace.Nobody || to == owner || work.Nodes[to].Suspect)
                continue;
            var reason = owner == Workspace.Nobody ? PlanReason.Orphan : PlanReason.Balance;
            if (work.May(b, to) && (owner == Workspace.Nobody || work.Nodes[owner].Gives))
                work.Move(b, to, reason);
            else
                work.Refused.Add(new WorkRefusal(b, owner, to, reason));
        }
    }
}
