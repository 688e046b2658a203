using System.Globalization;
using System.Text;
using BucketProxy.LoadBench.Report;

namespace BucketProxy.GateBench.Reporting;

/// <summary>All tables, as Markdown.</summary>
internal sealed class GateBenchReport(Machine machine, GateBenchOptions options, string? output)
{
    private readonly List<Section> _sections = [];

    /// <summary>Whether every table is of a run in which nothing failed and nothing was lost.</summary>
    public bool IsSound => _sections.Count > 0 && _sections.All(section => section.Faults.Count == 0);

    /// <summary>Shows a table, and writes the file anew: a run that is broken off leaves what it has.</summary>
    public async Task AddAsync(Section section)
    {
        _sections.Add(section);
        Console.WriteLine(section);
        if (output is null)
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(output))!);
        await File.WriteAllTextAsync(output, Text());
    }

    private string Text()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"""
            # What a gate costs, and how fast it moves

            Made by `benchmarks/gate`; do not edit. Medians, with least and most in brackets. All processes share the machine.

            {machine.Describe().TrimEnd()}
            * parts: {string.Join(", ", options.Parts)}; what takes turns: {options.Rounds} rounds of {options.Duration.TotalSeconds:0.#} s


            """);
        return text.AppendJoin('\n', _sections).ToString();
    }
}
