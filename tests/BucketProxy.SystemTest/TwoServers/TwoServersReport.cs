using System.Globalization;

namespace BucketProxy.SystemTest.TwoServers;

/// <summary>The same changes under the same load, made in three ways.</summary>
public sealed record TwoServersReport
{
    /// <summary>nginx with the manual's split: the map changed, nginx reloaded, the servers left alone.</summary>
    public required SideReport Reload { get; init; }

    /// <summary>The same, and all servers restarted, as the manual demands.</summary>
    public required SideReport Restart { get; init; }

    /// <summary>A gate beside each server.</summary>
    public required SideReport Gates { get; init; }

    /// <summary>Nothing is wrong with gates, and what is wrong without a release was found by the same checker and the same users: so they can see it.</summary>
    public bool Passed => Gates.IsClean && HasControl;

    /// <summary>The reload alone lost rows and had bases open twice, and the checker found both.</summary>
    public bool HasControl => Reload is { Ownership.Lost: > 0, OpenTwice: > 0 };

    /// <summary>Each side, then the table; the last line is the verdict.</summary>
    public override string ToString()
    {
        SideReport[] sides = [Reload, Restart, Gates];
        var lines = new List<string>(sides.Select(side => side.ToString()))
        {
            Row("", side => side.Name),
            Row("rows lost", side => Number(side.Ownership.Lost)),
            Row("bases open on both servers", side => Number(side.OpenTwice)),
            Row("saves over another's", side => Number(side.Ownership.ForeignSaves.Count)),
            Row("reads of an old copy", side => Number(side.Stale.Count)),
            Row("websockets closed, and back", side => Number(side.Reconnects)),
            Row("failed requests", side => Number(side.Failed.Count)),
            Row("slowest answer", side => string.Create(CultureInfo.InvariantCulture, $"{side.Changes.Max(change => change.Longest).TotalSeconds:F1} s")),
            Row("rows appended", side => Number(side.Rows)),
            Row("reads", side => Number(side.Reads)),
        };
        if (!HasControl)
            lines.Add("control: FAILED, the reload alone lost nothing that the checker found");
        lines.Add(Passed ? "two servers: passed" : "two servers: FAILED");
        return string.Join(Environment.NewLine, lines);

        string Row(string what, Func<SideReport, string> of) => $"| {what,-27} | {string.Join(" | ", sides.Select(side => $"{of(side),-32}"))} |";
    }

    private static string Number(int count) => count.ToString(CultureInfo.InvariantCulture);
}
