using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Planning;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>What all proxies together saw of each bucket.</summary>
internal static class LoadSampling
{
    /// <summary>One sample of the present reports; null: no proxy reports any load.</summary>
    public static LoadSample? Take(ClusterView view)
    {
        if (view.Loads.IsEmpty)
            return null;
        var loads = new Dictionary<Bucket, PlannerLoad>();
        foreach (var report in view.Loads.Values)
        {
            foreach (var (name, load) in report.Buckets)
            {
                if (!Bucket.TryParse(name, out var bucket))
                    continue;
                var sum = loads.GetValueOrDefault(bucket);
                loads[bucket] = new PlannerLoad(sum.Rate + Math.Max(0, load.Rate), sum.Sockets + load.Sockets);
            }
        }
        return new LoadSample(loads);
    }
}
