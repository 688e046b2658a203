using BucketProxy.Gateway.Outcomes;

namespace BucketProxy.Gateway.Nodes;

/// <summary>Ended requests by status class and cause: one addition per request, read when metrics are collected.</summary>
internal sealed class NodeCounters
{
    private const int Classes = 6;
    private static readonly Cause[] Causes = Enum.GetValues<Cause>();
    private readonly long[] _counts = new long[Causes.Length * Classes];
    private long _unreachable;

    /// <summary>Attempts in which no connection could be made.</summary>
    public long Unreachable => Volatile.Read(ref _unreachable);

    public void Count(int status, Cause cause)
    {
        var statusClass = Math.Clamp(status / 100, 0, Classes - 1);
        Interlocked.Increment(ref _counts[(int)cause * Classes + statusClass]);
    }

    public void CountUnreachable() => Interlocked.Increment(ref _unreachable);

    /// <summary>Counts that are not zero.</summary>
    public IEnumerable<(Cause Cause, int StatusClass, long Count)> Read()
    {
        foreach (var cause in Causes)
        {
            for (var statusClass = 0; statusClass < Classes; statusClass++)
            {
                var count = Volatile.Read(ref _counts[(int)cause * Classes + statusClass]);
                if (count > 0)
                    yield return (cause, statusClass, count);
            }
        }
    }
}
