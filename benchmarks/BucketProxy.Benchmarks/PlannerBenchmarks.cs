using BenchmarkDotNet.Attributes;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Planning;

namespace BucketProxy.Benchmarks;

/// <summary>
/// A plan after one node has joined a cluster with skewed load (Zipf 1.2, three samples): counts first, then load. The baseline is a
/// plan that finds nothing to do but look. Budget: 5 ms for 64 nodes.
/// </summary>
public class PlannerBenchmarks
{
    private PlannerInput _joined = null!;
    private PlannerInput _settled = null!;

    [Params(3, 16, 64)]
    public int Nodes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var nodes = Enumerable.Range(1, Nodes).Select(n => new PlannerNode { Id = $"dtable-server-{n:00}" }).ToArray();
        var rates = Zipf.Rates(Bucket.Count, seed: 23);
        var sample = new LoadSample(Bucket.All.ToDictionary(b => b, b => new PlannerLoad(rates[b.Index], b.Index % 7)));
        _joined = new PlannerInput
        {
            Nodes = nodes,
            Owners = Bucket.All.ToDictionary(b => b, b => nodes[b.Index % (Nodes - 1)].Id),
            Loads = [sample, sample, sample],
        };
        _settled = Planner.Plan(_joined).Apply(_joined);
    }

    [Benchmark(Baseline = true)]
    public Plan Settled() => Planner.Plan(_settled);

    [Benchmark]
    public Plan Joined() => Planner.Plan(_joined);
}
