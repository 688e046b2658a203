using System.Diagnostics;
using BucketProxy.LoadBench.Loads;
using BucketProxy.LoadBench.Measuring;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>From the put of an assignment to the first answer by its new owner, over and over.</summary>
internal static class RouteTimes
{
    private const string Base = "42424242-0000-4000-8000-000000000000";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>The bucket of the base that is asked for.</summary>
    public const int Bucket = 0x42;

    /// <summary>The figures that it gives.</summary>
    public static IReadOnlyList<Metric> Metrics { get; } =
        [Metric.Percentile99, Metric.Median, Metric.SincePutMedian, Metric.SincePut99, Metric.Events];

    /// <summary>Measures for that long, twice at least; the slowest of the proxies counts.</summary>
    /// <param name="proxies">Ports of proxies, each asked over and over.</param>
    /// <param name="nodes">Ports of the two nodes that own the bucket in turn.</param>
    /// <param name="put">Writes that a node owns it, and returns when the store has acknowledged that.</param>
    /// <param name="duration">For how long.</param>
    /// <param name="sample">Where the figures go.</param>
    public static async Task MeasureAsync(IEnumerable<int> proxies, int[] nodes, Func<int, Task> put, TimeSpan duration, Sample sample)
    {
        var sinceAnswer = new LatencyHistogram();
        var sincePut = new LatencyHistogram();
        var clients = proxies.Select(p => new RouteAsker(p, Base)).ToArray();
        try
        {
            var began = Stopwatch.GetTimestamp();
            for (var turn = 0; Stopwatch.GetElapsedTime(began) < duration || turn < 3; turn++)
            {
                var owner = turn % 2;
                var until = clients.Select(c => c.UntilAnsweredByAsync(nodes[owner])).ToArray();
                var asked = Stopwatch.GetTimestamp();
                await put(owner);
                var acknowledged = Stopwatch.GetTimestamp();
                var slowest = (await Task.WhenAll(until)).Max();
                // The first put may name the owner that it had already.
                if (turn > 0)
                {
                    sincePut.Record(Stopwatch.GetElapsedTime(asked, slowest));
                    sinceAnswer.Record(Stopwatch.GetElapsedTime(acknowledged, Math.Max(slowest, acknowledged)));
                }
                await Task.Delay(Pause, TimeProvider.System);
            }
        }
        finally
        {
            foreach (var client in clients)
                client.Dispose();
        }
        sample[Metric.Median] = sinceAnswer.Percentile(50).TotalMilliseconds;
        sample[Metric.Percentile99] = sinceAnswer.Percentile(99).TotalMilliseconds;
        sample[Metric.SincePutMedian] = sincePut.Percentile(50).TotalMilliseconds;
        sample[Metric.SincePut99] = sincePut.Percentile(99).TotalMilliseconds;
        sample[Metric.Events] = sincePut.Count;
    }
}
