using System.Globalization;
using BucketProxy.Emulator.Checking;

namespace BucketProxy.SystemTest.Drain;

/// <summary>For how long requests of a bucket were held while it moved.</summary>
/// <param name="Bucket">The bucket, as <c>0f</c>.</param>
/// <param name="Milliseconds">From the first hold to the opening, as the monitor measured it.</param>
public sealed record BucketHold(string Bucket, double Milliseconds);

/// <summary>What came of a drain.</summary>
public sealed record DrainReport
{
    /// <summary>All buckets must have moved within this time.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>The node that was drained.</summary>
    public required string Node { get; init; }

    /// <summary>Buckets that it owned before.</summary>
    public required int Owned { get; init; }

    /// <summary>Buckets that left it, each once.</summary>
    public required IReadOnlyList<BucketHold> Moved { get; init; }

    /// <summary>From the order until it owned nothing and nothing moved.</summary>
    public required TimeSpan Took { get; init; }

    /// <summary>Requests sent a second in that time.</summary>
    public required double Rate { get; init; }

    /// <summary>How long requests took that were sent in that time.</summary>
    public required IReadOnlyList<TimeSpan> Latencies { get; init; }

    /// <summary>Requests that were answered as they should, in the whole run.</summary>
    public required int Succeeded { get; init; }

    /// <summary>Requests that failed: none may.</summary>
    public required IReadOnlyList<string> Failed { get; init; }

    /// <summary>The checker's verdict on rows, owners and memories.</summary>
    public required OwnershipReport Ownership { get; init; }

    /// <summary>Every bucket moved, nothing failed, nothing was lost.</summary>
    public bool Passed => Failed.Count == 0 && Owned > 0 && Moved.Count == Owned && Moved.DistinctBy(m => m.Bucket).Count() == Owned && Ownership.IsClean;

    /// <summary>All of it in some lines; the last is the verdict.</summary>
    public override string ToString()
    {
        double[] holds = [.. Moved.Select(m => m.Milliseconds).Order()];
        double[] took = [.. Latencies.Select(l => l.TotalMilliseconds).Order()];
        var lines = new List<string> { "hold of each bucket in ms:" };
        lines.AddRange(Moved.Chunk(8).Select(row => "  " + string.Join("  ", row.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Bucket} {m.Milliseconds,5:F0}")))));
        lines.Add(string.Create(CultureInfo.InvariantCulture, $"hold: median {Percentile(holds, 50):F0} ms, 99th percentile {Percentile(holds, 99):F0} ms, longest {Percentile(holds, 100):F0} ms"));
        lines.Add(string.Create(CultureInfo.InvariantCulture,
            $"requests meanwhile: {took.Length}, {Rate:F0} a second; median {Percentile(took, 50):F1} ms, 99th percentile {Percentile(took, 99):F0} ms, slowest {Percentile(took, 100):F0} ms"));
        lines.Add(Ownership.ToString());
        lines.AddRange(Failed.Take(10).Select(failure => $"  failed: {failure}"));
        lines.Add(string.Create(CultureInfo.InvariantCulture,
            $"drain of {Node}: {Failed.Count} failed of {Succeeded + Failed.Count} requests, {Moved.Count} of {Owned} buckets moved in {Took.TotalSeconds:F1} s: {(!Passed ? "FAILED" : Took > Limit ? "too slow" : "passed")}"));
        return string.Join(Environment.NewLine, lines);
    }

    // The smallest that so many of a hundred do not exceed.
    private static double Percentile(double[] sorted, int percent) =>
        sorted.Length == 0 ? 0 : sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * percent / 100.0) - 1)];
}
