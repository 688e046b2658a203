using System.Globalization;
using BucketProxy.Emulator.Checking;

namespace BucketProxy.SystemTest;

/// <summary>What came of a run.</summary>
public sealed record SystemTestReport
{
    /// <summary>The checker's verdict on rows, owners and memories.</summary>
    public required OwnershipReport Ownership { get; init; }

    /// <summary>Requests that were answered as they should.</summary>
    public required int Succeeded { get; init; }

    /// <summary>Requests that failed although nothing was killed, restarted or frozen that they could have met: none may.</summary>
    public required IReadOnlyList<string> Failed { get; init; }

    /// <summary>Requests that failed because their proxy or their node was killed, restarted or frozen.</summary>
    public required int Excused { get; init; }

    /// <summary>Sockets that did not come back in the end.</summary>
    public required IReadOnlyList<string> DeadSockets { get; init; }

    /// <summary>Times that a socket was closed and came back.</summary>
    public required int Reconnects { get; init; }

    /// <summary>Disturbances that did not end as they should.</summary>
    public required IReadOnlyList<string> Undone { get; init; }

    /// <summary>Disturbances that ran.</summary>
    public required int Disturbances { get; init; }

    /// <summary>For how long requests were held at most, in each planned move that was completed, in ms.</summary>
    public required IReadOnlyList<double> Holds { get; init; }

    /// <summary>Whether a run without a move proves nothing.</summary>
    public required bool MustMove { get; init; }

    /// <summary>Planned moves that were given up, to be tried later.</summary>
    public required int Aborted { get; init; }

    /// <summary>The longest that a request which succeeded took.</summary>
    public required TimeSpan Slowest { get; init; }

    /// <summary>Everything is as it must be, and enough was looked at to say so.</summary>
    public bool Passed => Ownership is { IsClean: true, RowsJudged: > 0, ServesJudged: > 0, Loads: > 0 } && Failed.Count == 0 && DeadSockets.Count == 0
        && Undone.Count == 0 && Disturbances > 0 && (Holds.Count > 0 || !MustMove);

    /// <summary>All of it in some lines; the last is the verdict.</summary>
    public override string ToString()
    {
        var sorted = Holds.Order().ToList();
        var lines = new List<string>
        {
            Ownership.ToString(),
            string.Create(CultureInfo.InvariantCulture, $"requests: {Succeeded} succeeded, {Failed.Count} failed, {Excused} failed with what was killed; slowest {Slowest.TotalMilliseconds:F0} ms"),
            string.Create(CultureInfo.InvariantCulture, $"sockets: {Reconnects} came back, {DeadSockets.Count} did not"),
            sorted.Count == 0 ? $"moves: none, {Aborted} given up" : string.Create(CultureInfo.InvariantCulture,
                $"moves: {sorted.Count} done, {Aborted} given up and tried again; hold: median {sorted[sorted.Count / 2]:F0} ms, p99 {sorted[(sorted.Count - 1) * 99 / 100]:F0} ms, longest {sorted[^1]:F0} ms"),
            $"disturbances: {Disturbances}, {Undone.Count} not as they should be",
        };
        lines.AddRange(Failed.Take(10).Select(failure => $"  failed: {failure}"));
        lines.AddRange(DeadSockets.Take(10).Select(socket => $"  socket: {socket}"));
        lines.AddRange(Undone.Take(10).Select(undone => $"  disturbance: {undone}"));
        lines.Add(Passed ? "system test: passed" : "system test: FAILED");
        return string.Join(Environment.NewLine, lines);
    }
}
