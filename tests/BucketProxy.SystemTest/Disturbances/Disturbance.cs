using BucketProxy.SystemTest.Cluster;
using BucketProxy.SystemTest.Load;

namespace BucketProxy.SystemTest.Disturbances;

/// <summary>Something that is done to the running cluster, and ends with the cluster as it was.</summary>
/// <param name="Name">What it is called in the output.</param>
/// <param name="RunAsync">Does it; answers what there is to tell.</param>
internal sealed record Disturbance(string Name, Func<Stage, Task<string>> RunAsync);

/// <summary>What disturbances act on.</summary>
/// <param name="Cluster">The processes.</param>
/// <param name="Outcomes">Where a disturbance says what it excuses.</param>
/// <param name="Random">Seeded.</param>
/// <param name="Bases">The bases in use.</param>
internal sealed record Stage(TestCluster Cluster, Outcomes Outcomes, Random Random, IReadOnlyList<string> Bases)
{
    /// <summary>How long anything may take before the run counts it as not done.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    public T Any<T>(IReadOnlyList<T> all) => all[Random.Next(all.Count)];
}
