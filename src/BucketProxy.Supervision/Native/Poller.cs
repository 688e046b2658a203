namespace BucketProxy.Supervision.Native;

/// <summary>Waits until one of several descriptors can be read.</summary>
internal static unsafe class Poller
{
    /// <summary>Wait as long as it takes.</summary>
    public const int ForEver = -1;

    /// <summary>Bit n: number n of <paramref name="descriptors"/> can be read, is at its end, or is broken. None: the time is over. Negative numbers of
    /// descriptors are passed over.</summary>
    public static int Wait(ReadOnlySpan<int> descriptors, int milliseconds)
    {
        var polled = stackalloc Libc.Polled[descriptors.Length];
        for (var i = 0; i < descriptors.Length; i++)
            polled[i] = new Libc.Polled { Descriptor = descriptors[i], Wanted = Libc.In };
        var ready = 0;
        // An interruption counts as time that is over: each caller looks at everything again.
        if (Libc.Poll(polled, (nuint)descriptors.Length, milliseconds) > 0)
        {
            for (var i = 0; i < descriptors.Length; i++)
                ready |= polled[i].Happened != 0 ? 1 << i : 0;
        }
        return ready;
    }
}
