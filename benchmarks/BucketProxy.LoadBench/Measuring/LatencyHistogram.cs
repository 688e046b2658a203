using System.Numerics;

namespace BucketProxy.LoadBench.Measuring;

/// <summary>Counts durations in buckets that are never wider than 1/128 of the value, from 1 ns to centuries.</summary>
internal sealed class LatencyHistogram
{
    private const int Precision = 7;
    private readonly long[] _counts = new long[(64 - Precision) << Precision];

    public long Count { get; private set; }

    public void Record(TimeSpan duration)
    {
        _counts[IndexOf(Math.Max(0, duration.Ticks * TimeSpan.NanosecondsPerTick))]++;
        Count++;
    }

    /// <summary>The duration that <paramref name="percent"/> of the records do not exceed.</summary>
    public TimeSpan Percentile(double percent)
    {
        var rank = (long)Math.Ceiling(percent / 100 * Count);
        var seen = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank && seen > 0)
                return TimeSpan.FromTicks(ValueOf(i) / TimeSpan.NanosecondsPerTick);
        }
        return TimeSpan.Zero;
    }

    private static int IndexOf(long value)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)value) - Precision);
        return (shift << Precision) + (int)(value >> shift);
    }

    private static long ValueOf(int index)
    {
        if (index < 2 << Precision)
            return index;
        var shift = (index >> Precision) - 1;
        return (long)(index - (shift << Precision)) << shift;
    }
}
