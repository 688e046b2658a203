using BucketProxy.Testing;

namespace BucketProxy.Supervision.Tests;

/// <summary>What /proc says of processes. What has ended and was not reaped counts as dead.</summary>
internal static class ProcessTable
{
    public static bool IsAlive(int process) => Fields(process) is { } fields && fields[0] is not ("Z" or "X");

    /// <summary>0 if there is no such process.</summary>
    public static int ParentOf(int process) => Fields(process) is { } fields ? int.Parse(fields[1], null) : 0;

    public static Task GoneAsync(int process) => Patience.UntilAsync(() => !IsAlive(process), $"process {process} is dead");

    /// <summary>A line of /proc/PID/status.</summary>
    public static string Status(int process, string name) =>
        File.ReadLines($"/proc/{process}/status").Single(l => l.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..].Trim();

    /// <summary>All that are there, dead ones among them.</summary>
    public static IReadOnlyList<int> All() =>
        [.. Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out var process) ? process : 0).Where(p => p > 0)];

    /// <summary>All living processes whose command line holds a text, but for this one.</summary>
    public static IReadOnlyList<int> Mentioning(string text) =>
    [
        .. All().Where(p => p != Environment.ProcessId && Read($"/proc/{p}/cmdline").Contains(text, StringComparison.Ordinal) && IsAlive(p)),
    ];

    private static string[]? Fields(int process)
    {
        var text = Read($"/proc/{process}/stat");
        return text.Length == 0 ? null : text[(text.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
