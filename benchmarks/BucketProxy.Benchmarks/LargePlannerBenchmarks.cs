using BenchmarkDotNet.Attributes;
using BucketProxy.Core.Planning;

namespace BucketProxy.Benchmarks;

/// <summary>
/// The same planner far beyond its use: 65,536 buckets on 1,000 nodes, of which the last has just joined. The baseline copies the
/// scratch pad, which all do.
/// </summary>
public class LargePlannerBenchmarks
{
    private const int Buckets = 65_536;
    private const int Nodes = 1000;
    private static readonly PlannerLimits Limits = new();
    private readonly Workspace _work = Make();

    [Benchmark(Baseline = true)]
    public object Copy() => _work.Copy();

    [Benchmark]
    public int Counts()
    {
        var work = _work.Copy();
        BucketPlanner.Place(work, PlanScope.Rebalance, Limits);
        return work.Moves.Count;
    }

    [Benchmark]
    public int CountsAndLoad()
    {
        var work = _work.Copy();
        BucketPlanner.Place(work, PlanScope.Rebalance, Limits);
        BucketPlanner.BalanceLoad(work, Limits, movedThisRound: 0);
        return work.Moves.Count;
    }

    private static Workspace Make()
    {
        var rates = Zipf.Rates(Buckets, seed: 29);
        return new Workspace
        {
            Nodes =
            [
                .. Enumerable.Range(0, Nodes).Select(n => new WorkNode(
                    1, int.MaxValue, Takes: true, Drains: false, Suspect: false, CanRelease: true, Rendezvous.HashOf($"dtable-server-{n:0000}"))),
            ],
            Owner = [.. Enumerable.Range(0, Buckets).Select(b => b % (Nodes - 1))],
            Busy = new bool[Buckets],
            Resting = new bool[Buckets],
            Samples = [rates, rates, rates],
            Load = rates,
            Sockets = new int[Buckets],
            Forbidden = [],
        };
    }
}
