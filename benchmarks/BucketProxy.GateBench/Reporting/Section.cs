namespace BucketProxy.GateBench.Reporting;

/// <summary>One table of the report.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Text">What was done.</param>
/// <param name="Head">Heads of the columns; the first is of text, the others of figures.</param>
/// <param name="Rows">A cell for each column.</param>
internal sealed record Section(string Title, string Text, IReadOnlyList<string> Head, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>What makes the run worthless: failed requests, findings of the checker.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    public override string ToString()
    {
        var lines = new List<string> { $"## {Title}", "", Text, "", $"| {string.Join(" | ", Head)} |", "|---|" + string.Concat(Head.Skip(1).Select(_ => "---:|")) };
        lines.AddRange(Rows.Select(row => $"| {string.Join(" | ", row)} |"));
        lines.AddRange(Faults.Count == 0 ? [] : ["", .. Faults.Select(fault => $"* **FAULT**: {fault}")]);
        return string.Join('\n', lines) + "\n";
    }
}
