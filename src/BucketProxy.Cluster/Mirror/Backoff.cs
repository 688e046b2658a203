using System.Diagnostics.CodeAnalysis;

namespace BucketProxy.Cluster.Mirror;

/// <summary>
/// Pauses that double, with jitter, so that instances that lost one store do not all come back to it at once. They start anew
/// only after what was tried has lasted for a while: a store that answers and breaks at once is not asked without pause.
/// </summary>
internal sealed class Backoff(MirrorOptions options, TimeProvider time)
{
    private TimeSpan _next = options.MinBackoff;
    private long _since = time.GetTimestamp();

    /// <summary>How long to wait now.</summary>
    [SuppressMessage("Security", "CA5394", Justification = "Jitter needs no secrecy.")]
    public TimeSpan Next()
    {
        if (time.GetElapsedTime(_since) >= options.MaxBackoff * 2)
            _next = options.MinBackoff;
        var pause = _next * (0.75 + 0.5 * Random.Shared.NextDouble());
        _next = _next * 2 < options.MaxBackoff ? _next * 2 : options.MaxBackoff;
        _since = time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency);
        return pause;
    }
}
