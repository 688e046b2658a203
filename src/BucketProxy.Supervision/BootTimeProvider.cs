using BucketProxy.Supervision.Native;

namespace BucketProxy.Supervision;

/// <summary>Time whose <see cref="GetTimestamp"/> goes on while the machine is suspended (CLOCK_BOOTTIME). Whoever measures a lease by it cannot take a lease for
/// valid that ran out in the store while this machine slept. Timers are those of <see cref="TimeProvider.System"/>: they stand still meanwhile, so look at
/// the timestamp after each.</summary>
public sealed class BootTimeProvider : TimeProvider
{
    private BootTimeProvider()
    {
    }

    /// <summary>The one there is.</summary>
    public static BootTimeProvider Instance { get; } = new();

    /// <inheritdoc/>
    public override long TimestampFrequency => BootClock.Second;

    /// <summary>Nanoseconds since the machine was started.</summary>
    public override long GetTimestamp() => BootClock.Now();
}
