using System.Globalization;

namespace BucketProxy.Emulator.Checking;

/// <summary>A base was in the memory of two runs at once.</summary>
public sealed record DoubleOpen(string Base, string Node, string OtherNode, DateTimeOffset From, DateTimeOffset Until);

/// <summary>A run saved a base after another run had loaded it.</summary>
public sealed record ForeignSave(string Base, string Node, string Loader, DateTimeOffset At);

/// <summary>An acknowledged row that is not in storage exactly once.</summary>
public sealed record MissingOrDoubled(AcknowledgedRow Row, int Found);

/// <summary>A request that was served by a node which did not own the base from its beginning to its end.</summary>
public sealed record ForeignServe(string Base, string Node, string? Owner, DateTimeOffset Time, string Method, string Path);

/// <summary>What the checker looked at and what it found wrong.</summary>
public sealed record OwnershipReport
{
    /// <summary>Bases open on two nodes at once.</summary>
    public required IReadOnlyList<DoubleOpen> DoubleOpens { get; init; }

    /// <summary>Saves by a run that had lost the base to another one, which had loaded it already.</summary>
    public IReadOnlyList<ForeignSave> ForeignSaves { get; init; } = [];

    /// <summary>Acknowledged rows that are lost or doubled, and unacknowledged ones that are doubled.</summary>
    public required IReadOnlyList<MissingOrDoubled> WrongRows { get; init; }

    /// <summary>Requests served by a non-owner.</summary>
    public required IReadOnlyList<ForeignServe> ForeignServes { get; init; }

    /// <summary>How many bases were opened: loads in the journals.</summary>
    public required int Loads { get; init; }

    /// <summary>How many served requests were judged; 0 when no <see cref="OwnershipHistory"/> was given.</summary>
    public required int ServesJudged { get; init; }

    /// <summary>How many acknowledged rows were looked for.</summary>
    public required int RowsJudged { get; init; }

    /// <summary>Acknowledged rows that are not in storage.</summary>
    public int Lost => WrongRows.Count(row => row.Found == 0);

    /// <summary>Rows that are in storage more than once.</summary>
    public int Doubled => WrongRows.Count(row => row.Found > 1);

    /// <summary>Nothing is wrong. Look at the numbers judged as well: nothing judged is nothing proven.</summary>
    public bool IsClean => DoubleOpens.Count == 0 && ForeignSaves.Count == 0 && WrongRows.Count == 0 && ForeignServes.Count == 0;

    /// <summary>One line, then up to ten lines of each kind of finding.</summary>
    public override string ToString()
    {
        var lines = new List<string>
        {
            string.Create(CultureInfo.InvariantCulture,
                $"checker: {Loads} loads, {RowsJudged} rows, {ServesJudged} serves judged; {Lost} lost, {Doubled} doubled, {DoubleOpens.Count} double opens, {ForeignSaves.Count} foreign saves, {ForeignServes.Count} foreign serves"),
        };
        lines.AddRange(WrongRows.Take(10).Select(wrong => $"  row {wrong.Row.Column}={wrong.Row.Value} of {wrong.Row.Base}: {wrong.Found} times in storage"));
        lines.AddRange(DoubleOpens.Take(10).Select(open => $"  {open.Base} open on {open.Node} and {open.OtherNode} from {open.From:O} to {open.Until:O}"));
        lines.AddRange(ForeignSaves.Take(10).Select(save => $"  {save.Base} saved by {save.Node} at {save.At:O}, when {save.Loader} had loaded it"));
        lines.AddRange(ForeignServes.Take(10).Select(serve => $"  {serve.Method} {serve.Path} served by {serve.Node}, owner {serve.Owner ?? "nobody"}, at {serve.Time:O}"));
        return string.Join(Environment.NewLine, lines);
    }
}
