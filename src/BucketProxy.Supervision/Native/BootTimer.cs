using System.ComponentModel;
using System.Runtime.InteropServices;

namespace BucketProxy.Supervision.Native;

/// <summary>A timer on CLOCK_BOOTTIME. The timeout of poll would not do: it stands still while the machine is suspended, and goes on for its whole rest
/// afterwards. Thread-safe.</summary>
internal sealed unsafe class BootTimer : IDisposable
{
    private readonly Descriptor _timer;

    public BootTimer()
    {
        var number = Libc.CreateTimer(Libc.BootTime, Libc.TimerNonBlockCloseOnExec);
        if (number < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        _timer = new Descriptor(number);
    }

    /// <summary>To poll for input.</summary>
    public int Number => _timer.Number;

    /// <summary>Lets it be readable from that time on, at once if that has passed. Takes the place of what was set before.</summary>
    /// <param name="instant">See <see cref="BootClock.Now"/>.</param>
    public void Set(long instant)
    {
        // Zero would switch it off.
        var at = Math.Max(instant, 1);
        var setting = new Libc.TimerSetting { Value = new() { Seconds = at / BootClock.Second, Nanoseconds = at % BootClock.Second } };
        if (Libc.SetTimer(_timer.Number, Libc.AbsoluteTime, &setting, null) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();
}
