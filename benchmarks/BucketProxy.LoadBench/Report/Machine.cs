using System.Diagnostics;
using System.Runtime.InteropServices;

namespace BucketProxy.LoadBench.Report;

/// <summary>Where and with what it was measured.</summary>
internal sealed record Machine(string Date, string System, string Load, string Commit, string Network, string[] Versions, string[] Builds)
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
            Loopback(),
            [.. programs.Select(program => Output(program.Name, program.Flag))],
            builds);
    }

    public string Describe() => $"""
        * {Date}, commit {Commit}
        * {System}; load average when it began: {Load}
        * {Network}
        * {string.Join(", ", Versions.Select(v => v.Split('\n')[0].Trim()))}
        {(Builds.Length > 0 ? "* " + string.Join("; ", Builds) : "")}
        """;

    private static string Cpu() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown CPU";

    /// <summary>By the kernel's own word, not by what was asked for. Files below <c>/sys</c> tell of the machine's network, in every namespace.</summary>
    private static string Loopback()
    {
        var words = Output("ip", "-d", "link", "show", "lo").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return $"loopback with packets of {After("mtu")} bytes, up to {After("gso_max_segs")} of them handed over at once";

        string After(string name) => Array.IndexOf(words, name) is >= 0 and var at && at + 1 < words.Length ? words[at + 1] : "unknown";
    }

    private static string Output(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException($"{program} did not start.");
        var text = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return text.Trim();
    }
}
