using System.Globalization;

namespace BucketProxy.LoadBench.Processes;

/// <summary>Reads what a process and its children have used, from <c>/proc</c>.</summary>
internal static class ProcessTree
{
    // USER_HZ: part of the kernel's interface with user space, the same on every architecture that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>CPU time of the process and its living children.</summary>
    public static TimeSpan CpuOf(int pid)
    {
        var sum = TimeSpan.Zero;
        foreach (var each in WithChildren(pid))
        {
            sum += CpuIn($"/proc/{each}/stat", fields: 2);
        }
        return sum;
    }

    /// <summary>CPU time of this process and of the children that it has waited for: load generators that are done.</summary>
    public static TimeSpan CpuOfSelf() => CpuIn("/proc/self/stat", fields: 4);

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

    /// <summary>CPU time that all processes together have spent, and that other machines on the same host have taken from us.</summary>
    public static TimeSpan CpuOfMachine()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // user nice system idle iowait irq softirq steal. Interrupts, loopback's among them, belong to no process.
        return TimeSpan.FromSeconds((Number(fields[1]) + Number(fields[2]) + Number(fields[3]) + Number(fields[8])) / TicksPerSecond);
    }

    private static TimeSpan CpuIn(string file, int fields)
    {
        var stat = File.ReadAllText(file);
        // The command's name may hold anything, so count from behind it. Fields 14 to 17 are user and system time, the process's own
        // and that of its children that have ended.
        var times = stat[(stat.LastIndexOf(')') + 2)..].Split(' ').Skip(11).Take(fields);
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
}
