namespace BucketProxy.Gateway.Upstream;

/// <summary>
/// A coarse clock for limits on connections: whoever moves bytes notes its time by reading a number, and nobody sets a timer per
/// request.
/// </summary>
internal sealed class ConnectionClock
{
    private int _now;

    /// <summary>Ticks since it was made; wraps around.</summary>
    public int Now => Volatile.Read(ref _now);

    /// <summary>Ticks from <paramref name="stamp"/> to now. Up to one tick more may have passed.</summary>
    public int Since(int stamp) => unchecked(Now - stamp);

    /// <summary>One caller at a time.</summary>
    public void Tick() => Volatile.Write(ref _now, unchecked(_now + 1));
}
