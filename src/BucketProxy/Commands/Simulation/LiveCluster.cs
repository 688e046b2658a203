using BucketProxy.Admin.Contract;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Planning;

namespace BucketProxy.Commands.Simulation;

/// <summary>A running cluster as the planner sees it, read from its admin port. Pins are left out: their load counts for their bucket.</summary>
internal static class LiveCluster
{
    public static PlannerInput Of(IReadOnlyList<NodeReport> nodes, IReadOnlyList<BucketReport> buckets)
    {
        var owned = buckets.Select(b => (Bucket: Parse(b.Bucket), b.Node, b.Rate, b.Sockets)).ToArray();
        var input = new PlannerInput
        {
            Nodes =
            [
                .. nodes.Where(n => n.Standing is not "dead").Select(n => new PlannerNode
                {
                    Id = n.Id,
                    Weight = n.Weight,
                    Cordoned = n.Cordoned,
                    Draining = n.Draining,
                    CanRelease = n.Release is not ReleaseMode.None,
                    Suspect = n.Standing is not "live",
                }),
            ],
            Owners = owned.Where(b => b.Node is not null).ToDictionary(b => b.Bucket, b => b.Node!),
        };
        return Simulation.WithLoad(input, new LoadSample(owned.ToDictionary(b => b.Bucket, b => new PlannerLoad(b.Rate, b.Sockets))));
    }

    private static Bucket Parse(string text) => Bucket.TryParse(text, out var bucket)
        ? bucket
        : throw new Client.RefusedException($"The admin port names a bucket '{text}', which is none.");
}
