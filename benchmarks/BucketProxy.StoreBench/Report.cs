using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace BucketProxy.StoreBench;

/// <summary>Medians, least and most of all rounds, as Markdown.</summary>
internal sealed class Report(string root, Dictionary<string, string> builds)
{
    private static readonly (string Name, string Text, string Format)[] Rows =
    [
        ("commits/s, 1", "commits/s, 1 writer", "0"),
        ("99 %, 1", "99 % of its commits within, ms", "0.00"),
        ("CPU, 1", "CPU each, µs", "0"),
        ("commits/s, 64", "commits/s, 64 writers", "0"),
        ("99 %, 64", "99 % of their commits within, ms", "0.00"),
        ("CPU, 64", "CPU each, µs", "0"),
        ("open, first", "opening 10,000 keys, first thing in a process, ms", "0"),
        ("open, again", "opening 10,000 keys, again, ms", "0.0"),
        ("ready", "`serve`, restart until ready, ms", "0"),
        ("ready, CPU", "its CPU until then, ms", "0"),
        ("resident", "resident 2 s later, MB", "0.0"),
    ];

    private readonly string _load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
    private readonly Dictionary<(string Build, string Name), List<double>> _figures = [];

    public void Add(string build, List<(string Name, double Figure)> figures)
    {
        foreach (var (name, figure) in figures)
        {
            if (!_figures.TryGetValue((build, name), out var list))
                _figures.Add((build, name), list = []);
            list.Add(figure);
        }
    }

    public async Task WriteAsync(string path, int rounds, string seconds)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # The embedded store

            Made by `benchmarks/BucketProxy.StoreBench`; do not edit. Medians of {rounds} rounds in turns, least and most in brackets. A commit puts one of 10,000 keys, 200 bytes; writers write for {seconds} s.

            * {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC, commit {Commit()}
            * {Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}; load average when it began: {_load}
            {string.Join('\n', builds.Select(b => $"* {b.Key}: {Version(b.Value)}"))}

            | | {string.Join(" | ", builds.Keys)} |
            |---|{string.Concat(builds.Select(_ => "---:|"))}

            """);
        foreach (var (name, caption, format) in Rows)
            text.Append(CultureInfo.InvariantCulture, $"| {caption} | {string.Join(" | ", builds.Keys.Select(b => Cell(_figures[(b, name)], format)))} |\n");
        await File.WriteAllTextAsync(path, text.ToString());
        Console.Write(text);
    }

    private static string Cell(List<double> figures, string format)
    {
        var sorted = figures.Order().ToArray();
        return string.Create(
            CultureInfo.InvariantCulture, $"{Text(sorted[sorted.Length / 2])} ({Text(sorted[0])}–{Text(sorted[^1])})");

        string Text(double figure) => figure.ToString(format, CultureInfo.InvariantCulture);
    }

    private static string Version(string build) =>
        FileVersionInfo.GetVersionInfo(Path.Combine(build, "bucketproxy.dll")).ProductVersion is { Length: > 13 } version ? version[..13] : "?";

    private string Commit()
    {
        using var process = Process.Start(new ProcessStartInfo("git", ["-C", root, "rev-parse", "--short", "HEAD"]) { RedirectStandardOutput = true })!;
        return process.StandardOutput.ReadToEnd().Trim();
    }
}
