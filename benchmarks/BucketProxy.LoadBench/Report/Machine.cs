using System.Diagnostics;
using System.Runtime.InteropServices;

namespace BucketProxy.LoadBench.Report;

/// <summary>Where and with what it was measured.</summary>
internal sealed record Machine(string Date, string System, string Load, string Commit, string[] Versions, string[] Builds)
{
    /// <param name="root">The checkout.</param>
    /// <param name="builds">Builds of BucketProxy that take part: name and version.</param>
    /// <param name="programs">Others that take part, and how each tells its version.</param>
    public static Machine Look(string root, string[] builds, params (string Name, string Flag)[] programs)
    {
        var load = File.ReadAllText("/proc/loadavg").Split(' ');
        return new Machine(
            TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd HH:mm 'UTC'", global::System.Globalization.CultureInfo.InvariantCulture),
            $"{Environment.ProcessorCount} cores, {Cpu()}, {File.ReadAllText("/proc/sys/kernel/ostype").Trim()} "
                + $"{File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}, {RuntimeInformation.FrameworkDescription}",
            load[0],
            Output("git", "-C", root, "rev-parse", "--short", "HEAD") + (Output("git", "-C", root, "status", "--porcelain", "--", "src").Length > 0 ? " with changes" : ""),
            [.. programs.Select(program => Output(program.Name, program.Flag))],
            builds);
    }

    public string Describe() => $"""
        * {Date}, commit {Commit}
        * {System}; load average when it began: {Load}
        * {string.Join(", ", Versions.Select(v => v.Split('\n')[0].Trim()))}
        {(Builds.Length > 0 ? "* " + string.Join("; ", Builds) : "")}
        """;

    private static string Cpu() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown CPU";

    private static string Output(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException($"{program} did not start.");
        var text = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return text.Trim();
    }
}
