namespace BucketProxy.Supervision.Native;

/// <summary>CLOCK_BOOTTIME: nanoseconds since the machine was started, one number for all its processes. It never jumps, and unlike CLOCK_MONOTONIC
/// (<see cref="System.Diagnostics.Stopwatch"/>) it goes on while the machine is suspended, as a lease in a store elsewhere does.</summary>
internal static unsafe class BootClock
{
    /// <summary>In nanoseconds.</summary>
    public const long Second = 1_000_000_000;

    private const long Longest = TimeSpan.TicksPerDay * 3650;

    /// <summary>Now, in nanoseconds.</summary>
    public static long Now()
    {
        Libc.Moment moment;
        // Fails for a clock that the kernel does not have, and this one it has since 2.6.39.
        if (Libc.ReadClock(Libc.BootTime, &moment) != 0)
            throw new PlatformNotSupportedException("The kernel has no CLOCK_BOOTTIME.");
        return (moment.Seconds * Second) + moment.Nanoseconds;
    }

    /// <summary>A span in nanoseconds; ten years for all that is longer.</summary>
    public static long Nanoseconds(TimeSpan span) => Math.Clamp(span.Ticks, -Longest, Longest) * TimeSpan.NanosecondsPerTick;
}
