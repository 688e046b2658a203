using System.Globalization;
using BucketProxy.Emulator.Checking;

namespace BucketProxy.SystemTest.Gates;

/// <summary>What came of a run with gated servers.</summary>
public sealed record GateReport
{
    /// <summary>The checker's verdict on rows, owners, memories and saves.</summary>
    public required OwnershipReport Ownership { get; init; }

    /// <summary>Rows that were acknowledged.</summary>
    public required int Succeeded { get; init; }

    /// <summary>Rows acknowledged to a client that knows only the first gate, whatever owns its bases.</summary>
    public required int AtOldAddress { get; init; }

    /// <summary>Requests that failed although nothing was killed or frozen that they could have met: none may.</summary>
    public required IReadOnlyList<string> Failed { get; init; }

    /// <summary>Requests that failed with what was killed or frozen.</summary>
    public required int Excused { get; init; }

    /// <summary>Disturbances that did not end as they should.</summary>
    public required IReadOnlyList<string> Undone { get; init; }

    /// <summary>For how long the bases of the server that was hit took no requests at most, by kind of disturbance.</summary>
    public required IReadOnlyList<(string Disturbance, TimeSpan Longest)> Blackouts { get; init; }

    /// <summary>Everything is as it must be, and enough was looked at to say so.</summary>
    public bool Passed => Ownership is { IsClean: true, RowsJudged: > 0, ServesJudged: > 0, Loads: > 0 } && Failed.Count == 0 && Undone.Count == 0
        && Blackouts.Count > 0 && AtOldAddress > 0;

    /// <summary>All of it in some lines; the last is the verdict.</summary>
    public override string ToString()
    {
        var lines = new List<string>
        {
            Ownership.ToString(),
            string.Create(CultureInfo.InvariantCulture, $"requests: {Succeeded} succeeded, {AtOldAddress} of them at an old address; {Failed.Count} failed, {Excused} failed with what was killed or frozen"),
        };
        lines.AddRange(Blackouts.Select(b => string.Create(CultureInfo.InvariantCulture, $"longest time without an answer, {b.Disturbance}: {b.Longest.TotalSeconds:F1} s")));
        lines.AddRange(Failed.Take(10).Select(failure => $"  failed: {failure}"));
        lines.AddRange(Undone.Take(10).Select(undone => $"  disturbance: {undone}"));
        lines.Add(Passed ? "gated servers: passed" : "gated servers: FAILED");
        return string.Join(Environment.NewLine, lines);
    }
}
