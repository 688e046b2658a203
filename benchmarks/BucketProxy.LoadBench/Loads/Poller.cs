using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace BucketProxy.LoadBench.Loads;

/// <summary>
/// Waits for a few sockets on one thread, to the microsecond. The runtime's own waits round to milliseconds, which at 3,000
/// requests a second would be part of what is measured.
/// </summary>
internal sealed unsafe partial class Poller
{
    private const short In = 1;
    private const int SetTimerSlack = 29;
    private readonly PollFd[] _descriptors;

    public Poller(IReadOnlyList<Socket> sockets)
    {
        _descriptors = [.. sockets.Select(s => new PollFd { Descriptor = (int)s.Handle, Events = In })];
        // The kernel may put a wake-up off by 50 µs otherwise.
        _ = Prctl(SetTimerSlack, 1, 0, 0, 0);
    }

    /// <summary>Waits until a socket can be read, or the time is over; <see cref="IsReadable"/> tells which.</summary>
    public void Wait(TimeSpan atMost)
    {
        var wait = atMost > TimeSpan.Zero ? atMost : TimeSpan.Zero;
        var time = new TimeSpec { Seconds = (long)wait.TotalSeconds, Nanoseconds = wait.Ticks % TimeSpan.TicksPerSecond * 100 };
        fixed (PollFd* descriptors = _descriptors)
        {
            if (PPoll(descriptors, (nuint)_descriptors.Length, &time, 0) < 0)
                throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    public bool IsReadable(int index) => _descriptors[index].Returned != 0;

    [LibraryImport("libc", EntryPoint = "ppoll", SetLastError = true)]
    private static partial int PPoll(PollFd* descriptors, nuint count, TimeSpec* timeout, nint signals);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Prctl(int option, nuint value, nuint a, nuint b, nuint c);

    private struct PollFd
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
