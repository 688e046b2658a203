using System.Globalization;
using System.Runtime.InteropServices;

namespace BucketProxy.LoadBench.Processes;

/// <summary>Reads what a process and its children have used, from <c>/proc</c>.</summary>
internal static partial class ProcessTree
{
    // A process's own clock, by its number (include/linux/posix-timers.h: CPUCLOCK_SCHED): nanoseconds, threads that ended included.
    // The times in /proc/PID/stat are the same, in steps of 10 ms, which a light load does not fill.
    private const int ProcessClock = 2;

    // USER_HZ: part of the kernel's interface with user space, the same on every architecture that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>CPU time of the process and its living children.</summary>
    public static TimeSpan CpuOf(int pid) => WithChildren(pid).Aggregate(TimeSpan.Zero, (sum, each) => sum + OwnCpuOf(each));

    /// <summary>CPU time of this process and of all that it has started, also of what has ended: generators, proxies, nodes, stores.</summary>
    public static TimeSpan CpuOfRun() =>
        WithChildren(Environment.ProcessId).Aggregate(TimeSpan.Zero, (sum, each) => sum + WithEndedChildren(each));

    /// <summary>Resident memory in bytes. Pages that the processes of the tree share are counted once.</summary>
    public static long ResidentOf(int pid)
    {
        long own = 0;
        long shared = 0;
        foreach (var each in WithChildren(pid))
        {
            long rss = 0;
            long mine = 0;
            foreach (var line in File.ReadLines($"/proc/{each}/smaps_rollup"))
            {
                var parts = line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries);
                if (parts[0] == "Rss")
                    rss = (long)Number(parts[1]) * 1024;
                else if (parts[0] is "Private_Clean" or "Private_Dirty")
                    mine += (long)Number(parts[1]) * 1024;
            }
            own += mine;
            shared = Math.Max(shared, rss - mine);
        }
        return own + shared;
    }

    /// <summary>How many bytes the machine could still give to processes, by the kernel's estimate.</summary>
    public static long AvailableMemory() =>
        (long)Number(File.ReadLines("/proc/meminfo").First(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;

    /// <summary>CPU time that all processes together have spent, and that other machines on the same host have taken from us.</summary>
    public static TimeSpan CpuOfMachine()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // user nice system idle iowait irq softirq steal. Interrupts, loopback's among them, belong to no process.
        return TimeSpan.FromSeconds((Number(fields[1]) + Number(fields[2]) + Number(fields[3]) + Number(fields[8])) / TicksPerSecond);
    }

    private static TimeSpan OwnCpuOf(int pid)
    {
        if (ClockGetTime((~pid << 3) | ProcessClock, out var time) != 0)
            throw new InvalidOperationException($"Process {pid} has ended.");
        return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / TimeSpan.NanosecondsPerTick);
    }

    private static TimeSpan WithEndedChildren(int pid)
    {
        const int Fields = 4;
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        // The command's name may hold anything, so count from behind it. Fields 14 to 17 are user and system time, the process's own
        // and that of its children that have ended.
        var times = stat[(stat.LastIndexOf(')') + 2)..].Split(' ').Skip(11).Take(Fields);
        return TimeSpan.FromSeconds(times.Sum(Number) / TicksPerSecond);
    }

    private static IEnumerable<int> WithChildren(int pid)
    {
        yield return pid;
        foreach (var task in Directory.EnumerateDirectories($"/proc/{pid}/task"))
        {
            foreach (var child in File.ReadAllText(task + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                foreach (var below in WithChildren((int)Number(child)))
                    yield return below;
            }
        }
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
