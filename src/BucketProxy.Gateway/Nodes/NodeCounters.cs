using BucketProxy.Gateway.Outcomes;

namespace BucketProxy.Gateway.Nodes;

/// <summary>Ended requests by status class and cause: one addition per request, read when metrics are collected.</summary>
internal sealed class NodeCounters
{
    private const int Classes = 6;
    private static readonly Cause[] Causes = Enum.GetValues<Cause>();
    private readonly long[] _counts = new long[Causes.Length * Classes];
    private long _unreachable;
    private long _misdirected;

    /// <summary>Attempts in which no connection could be made.</summary>
    public long Unreachable => Volatile.Read(ref _unreachable);

    /// <summary>Attempts that the node's gate refused: the base was not the node's.</summary>
    public long Misdirected => Volatile.Read(ref _misdirected);

    public void Count(int status, Cause cause)
    {
        var statusClass = Math.Clamp(status / 100, 0, Classes - 1);
        Interlocked.Increment(ref _counts[(int)cause * Classes + statusClass]);
    }

    public void CountUnreachable() => Interlocked.Increment(ref _unreachable);

    public void CountMisdirected() => Interlocked.Increment(ref _misdirected);

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
