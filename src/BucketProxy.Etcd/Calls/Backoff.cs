namespace BucketProxy.Etcd.Calls;

/// <summary>How long to wait before trying again: doubling, with half of it left to chance so that many clients do not come back at once.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest)
{
    /// <param name="attempt">0 for the first wait.</param>
    public TimeSpan Delay(int attempt)
    {
        var full = Math.Min(longest.Ticks, first.Ticks * Math.Pow(2, Math.Min(attempt, 40)));
        return TimeSpan.FromTicks((long)(full * (0.5 + (0.5 * Random.Shared.NextDouble()))));
    }
}
