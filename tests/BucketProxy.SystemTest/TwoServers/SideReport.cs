using System.Globalization;
using BucketProxy.Emulator.Checking;

namespace BucketProxy.SystemTest.TwoServers;

/// <summary>What came of one side.</summary>
public sealed record SideReport
{
    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>The checker's verdict on rows, memories and saves, and on owners where there are any.</summary>
    public required OwnershipReport Ownership { get; init; }

    /// <summary>Rows that were acknowledged.</summary>
    public required int Rows { get; init; }

    /// <summary>Reads that were answered.</summary>
    public required int Reads { get; init; }

    /// <summary>Requests that failed; nothing is excused.</summary>
    public required IReadOnlyList<string> Failed { get; init; }

    /// <summary>Reads that lacked rows which had been promised to the same user.</summary>
    public required IReadOnlyList<string> Stale { get; init; }

    /// <summary>Times that a socket was closed and came back. One that stays open stays with the server that it was opened at.</summary>
    public required int Reconnects { get; init; }

    /// <summary>Sockets that did not echo in the end.</summary>
    public required IReadOnlyList<string> DeadSockets { get; init; }

    /// <summary>What was done, in order.</summary>
    public required IReadOnlyList<ChangeNote> Changes { get; init; }

    /// <summary>Bases that were in two memories at once.</summary>
    public int OpenTwice => Ownership.DoubleOpens.Select(open => open.Base).Distinct(StringComparer.Ordinal).Count();

    /// <summary>Everything is as it must be, and enough was looked at to say so.</summary>
    public bool IsClean => Ownership is { IsClean: true, RowsJudged: > 0, ServesJudged: > 0, Loads: > 0 } && Reads > 0 && Failed.Count == 0 && Stale.Count == 0
        && DeadSockets.Count == 0 && Changes.Count > 0 && Changes.All(change => change.Wrong.Count == 0 && change.Forecast.Count > 0);

    /// <summary>The whole of it, line by line.</summary>
    public override string ToString()
    {
        var lines = new List<string> { $"{Name}:" };
        foreach (var change in Changes)
        {
            lines.AddRange(change.Forecast.Select(said => $"  beforehand: {said}"));
            lines.Add(string.Create(CultureInfo.InvariantCulture,
                $"  done: {change.What}; {change.Took.TotalSeconds:F1} s in all, slowest answer meanwhile {change.Longest.TotalSeconds:F1} s, {change.Failed} failed"));
            lines.AddRange(change.Wrong.Select(wrong => $"  WRONG: {wrong}"));
        }
        lines.Add("  " + Ownership.ToString().ReplaceLineEndings(Environment.NewLine + "  "));
        lines.AddRange(Failed.Take(5).Select(failure => $"  failed: {failure}"));
        lines.AddRange(Stale.Take(5).Select(read => $"  old copy: {read}"));
        lines.AddRange(DeadSockets.Take(5).Select(socket => $"  socket: {socket}"));
        return string.Join(Environment.NewLine, lines);
    }
}
