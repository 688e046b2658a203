using System.Globalization;

namespace BucketProxy.LoadBench.Processes;

/// <summary>How many files a process may have open here.</summary>
internal static class DescriptorLimit
{
    private const int Others = 1000;

    /// <summary>As many websockets as asked for, or as a proxy can carry: each takes two descriptors.</summary>
    public static int MostSockets(int wanted)
    {
        var line = File.ReadLines("/proc/self/limits").First(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        var hard = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4];
        return int.TryParse(hard, CultureInfo.InvariantCulture, out var limit) ? Math.Min(wanted, (limit - Others) / 2) : wanted;
    }
}
