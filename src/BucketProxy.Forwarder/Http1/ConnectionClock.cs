namespace BucketProxy.Forwarder.Http1;

/// <summary>
/// The time that limits on connections go by, in milliseconds since it was made; wraps around. Nobody sets a timer per request: one timer moves it
/// on and looks at every connection.
/// </summary>
internal sealed class ConnectionClock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private int _now;

    /// <summary>The time at the last tick: costs nothing to read, and is never in the future.</summary>
    public int Now => Volatile.Read(ref _now);

    /// <summary>The time.</summary>
    public int Read() => unchecked((int)(long)time.GetElapsedTime(_start).TotalMilliseconds);

    /// <summary>By the timer.</summary>
    public void Tick() => Volatile.Write(ref _now, Read());
}
