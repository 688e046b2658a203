using System.Text.Json.Nodes;
using BucketProxy.Emulator.Bases;
using BucketProxy.Emulator.Journaling;

namespace BucketProxy.Emulator.Checking;

/// <summary>
/// Judges a run of several nodes by their journals and their storage: no base was ever open on two nodes at once, every acknowledged row is
/// in storage exactly once, and no request was served by a node that did not own its base.
/// </summary>
public static class OwnershipChecker
{
    /// <summary>Call it when all nodes have stopped: what is in memory only counts as lost.</summary>
    /// <exception cref="InvalidDataException">A base's file is broken.</exception>
    public static OwnershipReport Check(OwnershipCheck check)
    {
        var opens = OpenSpan.Of(check.Journal, check.Exits);
        var acknowledged = check.Acknowledged ?? Appended(check.Journal);
        var serves = check.Owners is null ? [] : check.Journal.Where(entry => entry.Event == JournalEvent.Serve).ToList();
        return new OwnershipReport
        {
            DoubleOpens = DoubleOpens(opens),
            ForeignSaves = ForeignSaves(check.Journal, opens),
            WrongRows = [.. acknowledged.GroupBy(row => row.Base).SelectMany(rows => WrongRows(check.StorageDirectory, rows.Key, [.. rows]))],
            ForeignServes = check.Owners is null ? [] : ForeignServes(serves, check.Owners, check.OwnerSlack),
            Loads = opens.Count,
            ServesJudged = serves.Count,
            RowsJudged = acknowledged.Count,
        };
    }

    /// <summary>Judges who served, for a run that is too long to be kept whole: what was judged may be forgotten.</summary>
    /// <param name="serves">Entries of that kind.</param>
    /// <param name="owners">Who owned what. It must know every change up to the end of the last of them.</param>
    /// <param name="slack">As <see cref="OwnershipCheck.OwnerSlack"/>.</param>
    /// <exception cref="InvalidDataException">An entry's base is none.</exception>
    public static IReadOnlyList<ForeignServe> JudgeServes(IReadOnlyList<JournalEntry> serves, OwnershipHistory owners, TimeSpan slack)
    {
        ArgumentNullException.ThrowIfNull(serves);
        ArgumentNullException.ThrowIfNull(owners);
        return ForeignServes(serves, owners, slack);
    }

    private static List<DoubleOpen> DoubleOpens(List<OpenSpan> opens)
    {
        var found = new List<DoubleOpen>();
        foreach (var ofBase in opens.GroupBy(span => span.Base))
        {
            // In the order of opening; whoever still holds the base when the next one opens it overlaps with that one.
            var holding = new List<OpenSpan>();
            foreach (var span in ofBase.OrderBy(span => span.From))
            {
                holding.RemoveAll(earlier => earlier.Until is { } until && until.CompareTo(span.From) <= 0);
                found.AddRange(holding.Where(earlier => earlier.Run != span.Run).Select(earlier =>
                    new DoubleOpen(span.Base, earlier.Node, span.Node, span.From.Time, Earlier(earlier.Until, span.Until))));
                holding.Add(span);
            }
        }
        return found;
    }

    // A save lands behind the load of another run that came after the saver's own: what the later one loaded is no longer what is stored.
    private static List<ForeignSave> ForeignSaves(IReadOnlyList<JournalEntry> journal, List<OpenSpan> opens)
    {
        var found = new List<ForeignSave>();
        var spans = opens.GroupBy(span => span.Base).ToDictionary(spans => spans.Key, spans => spans.OrderBy(span => span.From).ToList());
        foreach (var flush in journal.Where(entry => entry.Event == JournalEvent.Flush))
        {
            var at = JournalPosition.Of(flush);
            var before = spans.GetValueOrDefault(flush.Base!, []).Where(span => span.From.CompareTo(at) < 0).ToList();
            if (before is [.., var last] && last.Run != flush.Run && before.Any(span => span.Run == flush.Run))
                found.Add(new ForeignSave(flush.Base!, flush.Node, last.Node, flush.Time));
        }
        return found;
    }

    private static DateTimeOffset Earlier(JournalPosition? one, JournalPosition? other)
    {
        var (a, b) = (one?.Time ?? DateTimeOffset.MaxValue, other?.Time ?? DateTimeOffset.MaxValue);
        return a < b ? a : b;
    }

    private static List<AcknowledgedRow> Appended(IReadOnlyList<JournalEntry> journal)
    {
        var deleted = journal.Where(entry => entry.Event == JournalEvent.Delete).SelectMany(entry => entry.Rows!.Select(row => (entry.Base, row))).ToHashSet();
        return [.. journal.Where(entry => entry.Event == JournalEvent.Append)
            .SelectMany(entry => entry.Rows!.Where(row => !deleted.Contains((entry.Base, row))).Select(row => new AcknowledgedRow(entry.Base!, "_id", row)))];
    }

    private static IEnumerable<MissingOrDoubled> WrongRows(string storage, string id, List<AcknowledgedRow> rows)
    {
        // As the next server would load it: what was logged and not saved yet is not lost.
        var key = BaseKey.TryParse(id, out var parsed) ? parsed : throw new InvalidDataException($"'{id}' is no base.");
        var loaded = new BaseStorage(storage, "checker", logs: File.Exists(OperationLog.FileOf(storage, id))).Load(key);
        List<JsonObject> stored = [.. loaded.ToFile()["tables"]!.AsArray().SelectMany(table => table!["rows"]!.AsArray()).Select(row => row!.AsObject())];
        foreach (var byColumn in rows.GroupBy(row => row.Column))
        {
            var counts = stored.Select(row => row[byColumn.Key]?.ToString()).OfType<string>().CountBy(value => value).ToDictionary();
            foreach (var row in byColumn.DistinctBy(row => row.Value))
            {
                if (counts.Remove(row.Value, out var found) && found == 1)
                    continue;
                yield return new MissingOrDoubled(row, found);
            }
            // A row nobody was promised may be there (its answer got lost), but once.
            foreach (var (value, found) in counts.Where(count => count.Value > 1))
                yield return new MissingOrDoubled(new AcknowledgedRow(id, byColumn.Key, value), found);
        }
    }

    private static List<ForeignServe> ForeignServes(IReadOnlyList<JournalEntry> serves, OwnershipHistory owners, TimeSpan slack)
    {
        var found = new List<ForeignServe>();
        foreach (var ofBase in serves.GroupBy(serve => serve.Base!))
        {
            var history = BaseKey.TryParse(ofBase.Key, out var key)
                ? owners.OwnersOf(key)
                : throw new InvalidDataException($"'{ofBase.Key}' in a journal is no base.");
            foreach (var serve in ofBase)
            {
                var owned = history.Any(owner => owner.Node == serve.Node
                    && Shifted(owner.From, -slack) <= serve.Time && serve.End <= Shifted(owner.Until, slack));
                if (!owned)
                {
                    var owner = history.LastOrDefault(owner => owner.From <= serve.Time).Node;
                    found.Add(new ForeignServe(ofBase.Key, serve.Node, owner, serve.Time, serve.Method!, serve.Path!));
                }
            }
        }
        return found;
    }

    private static DateTimeOffset Shifted(DateTimeOffset at, TimeSpan by) => at == DateTimeOffset.MaxValue ? at : at + by;
}
