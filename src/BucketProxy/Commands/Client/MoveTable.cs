using System.Globalization;
using BucketProxy.Admin.Contract;
using Spectre.Console;

namespace BucketProxy.Commands.Client;

/// <summary>Moves as a table.</summary>
internal static class MoveTable
{
    public static Table Of(IEnumerable<MoveReport> moves)
    {
        var table = Tables.New("bucket", "from", "to", "why", "phase", "at", "held", "quiesce", "release", "settle", "remark");
        foreach (var move in moves)
        {
            table.AddRow(Tables.Row(
                move.Base ?? move.Bucket, move.From, move.To, move.Reason, move.Phase, move.At.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                Milliseconds(move.Phases?.Hold), Milliseconds(move.Phases?.Quiesce), Milliseconds(move.Phases?.Release), Milliseconds(move.Phases?.Settle), move.Why));
        }
        return table;
    }

    private static string? Milliseconds(double? value) => value is { } ms ? string.Create(CultureInfo.InvariantCulture, $"{ms:0} ms") : null;
}
