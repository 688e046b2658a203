using BucketProxy.Cluster.View;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Cluster.Mirror;

/// <summary>Reports the problems of views, each once. Not thread-safe.</summary>
internal sealed class ProblemReports(ILogger logger)
{
    private readonly HashSet<ViewProblem> _reported = [];

    /// <summary>Reports those of a view that are new.</summary>
    public void Report(ClusterView view)
    {
        // A writer that never tires must not fill the memory.
        if (_reported.Count > 10_000)
            _reported.Clear();
        foreach (var problem in view.Problems.Values)
        {
            // How many keys name an unknown owner is no news; that one does is.
            if (!_reported.Add(problem.UnknownOwner ? problem with { ModRevision = 0, Reason = "" } : problem))
                continue;
            if (problem.UnknownOwner)
                Log.UnknownOwner(logger, problem.Key, problem.ModRevision, problem.Reason);
            else
                Log.ValueProblem(logger, problem.Key, problem.ModRevision, problem.Reason);
        }
    }
}
