using System.Collections.Concurrent;
using System.Diagnostics;
using BucketProxy.Emulator.Checking;

namespace BucketProxy.SystemTest.Load;

/// <summary>What became of every request, and what may excuse a failed one. Thread-safe.</summary>
internal sealed class Outcomes
{
    private readonly ConcurrentQueue<AcknowledgedRow> _acknowledged = new();
    private readonly ConcurrentQueue<Failure> _failures = new();
    private readonly ConcurrentQueue<Excuse> _excuses = new();
    private long _slowest;
    private int _reads;

    public IReadOnlyList<AcknowledgedRow> Acknowledged => [.. _acknowledged];

    /// <summary>Reads that were answered as they should.</summary>
    public int Reads => Volatile.Read(ref _reads);

    public TimeSpan Slowest => TimeSpan.FromTicks(Interlocked.Read(ref _slowest));

    public void Succeeded(AcknowledgedRow row, long since)
    {
        _acknowledged.Enqueue(row);
        Took(since);
    }

    public void Read(long since)
    {
        Interlocked.Increment(ref _reads);
        Took(since);
    }

    public void Failed(string authority, long since, string why) => _failures.Enqueue(new Failure(authority, since, Stopwatch.GetTimestamp(), why));

    /// <summary>From now until the answer is disposed of, failures at that proxy (null: at any) count as the disturbance's doing.</summary>
    /// <param name="authority">The proxy; null: any.</param>
    /// <param name="bases">Only failures at these; null: at any.</param>
    public IDisposable Excusing(string? authority, IReadOnlyCollection<string>? bases = null)
    {
        var excuse = new Excuse(authority, bases);
        _excuses.Enqueue(excuse);
        return excuse;
    }

    /// <summary>Failures that nothing excuses, and the number of the others.</summary>
    public (IReadOnlyList<string> Failed, int Excused) Judge()
    {
        var failed = _failures.Where(failure => !_excuses.Any(excuse => excuse.Covers(failure))).ToList();
        return ([.. failed.Select(failure => failure.Why)], _failures.Count - failed.Count);
    }

    private void Took(long since)
    {
        var took = Stopwatch.GetElapsedTime(since).Ticks;
        long before;
        while ((before = Interlocked.Read(ref _slowest)) < took && Interlocked.CompareExchange(ref _slowest, took, before) != before)
        {
            // Another one was slower meanwhile.
        }
    }

    private sealed record Failure(string Authority, long Since, long Until, string Why);

    private sealed class Excuse(string? authority, IReadOnlyCollection<string>? bases) : IDisposable
    {
        private readonly long _since = Stopwatch.GetTimestamp();
        private long _until = long.MaxValue;

        public bool Covers(Failure failure) =>
            (authority is null || authority == failure.Authority) && (bases is null || bases.Any(uuid => failure.Why.Contains(uuid, StringComparison.Ordinal))) && failure.Until >= _since && failure.Since <= Volatile.Read(ref _until);

        public void Dispose() => Volatile.Write(ref _until, Stopwatch.GetTimestamp());
    }
}
