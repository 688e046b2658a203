using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Telemetry;

/// <summary>Whether one signal reaches the collector.</summary>
internal sealed class OtlpHealth(string signal, Uri endpoint)
{
    private long _failures;
    private int _isAway;

    /// <summary>The signal: <c>metrics</c>, <c>traces</c>, <c>logs</c>.</summary>
    public string Signal => signal;

    /// <summary>Sendings that failed.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Where it is said that the collector is away. Given later: loggers may send to the collector themselves.</summary>
    public ILogger Log { get; set; } = NullLogger.Instance;

    /// <summary>What became of a sending.</summary>
    public void Note(bool isTaken)
    {
        if (!isTaken)
            Interlocked.Increment(ref _failures);
        // Once when it goes and once when it is back: it may stay away for days.
        if (Interlocked.Exchange(ref _isAway, isTaken ? 0 : 1) == (isTaken ? 0 : 1))
            return;
        if (isTaken)
            Telemetry.Log.CollectorBack(Log, signal, endpoint);
        else
            Telemetry.Log.CollectorAway(Log, signal, endpoint);
    }
}
