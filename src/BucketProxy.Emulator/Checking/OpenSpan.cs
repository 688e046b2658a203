using BucketProxy.Emulator.Journaling;

namespace BucketProxy.Emulator.Checking;

/// <summary>A place in the journals: by time, and within one process by its sequence where times are equal.</summary>
internal readonly record struct JournalPosition(DateTimeOffset Time, int Process, long Sequence) : IComparable<JournalPosition>
{
    public int CompareTo(JournalPosition other) =>
        Time != other.Time ? Time.CompareTo(other.Time) : Process == other.Process ? Sequence.CompareTo(other.Sequence) : 0;

    public static JournalPosition Of(JournalEntry entry) => new(entry.Time, entry.Process, entry.Sequence);
}

/// <summary>A base in one run's memory, from its load to its unload or to the end of the run; <see cref="Until"/> is null when the run never ended.</summary>
internal sealed record OpenSpan(string Base, string Node, string Run, JournalPosition From, JournalPosition? Until)
{
    public static List<OpenSpan> Of(IReadOnlyList<JournalEntry> journal, IReadOnlyList<ObservedExit> exits)
    {
        var spans = new List<OpenSpan>();
        foreach (var run in journal.GroupBy(entry => entry.Run))
        {
            var entries = run.OrderBy(entry => entry.Sequence).ToList();
            var end = EndOf(entries, journal, exits);
            var open = new Dictionary<string, JournalPosition>(StringComparer.Ordinal);
            foreach (var entry in entries)
            {
                if (entry.Event == JournalEvent.Load)
                    open.Add(entry.Base!, JournalPosition.Of(entry));
                else if (entry.Event == JournalEvent.Unload && open.Remove(entry.Base!, out var from))
                    spans.Add(new OpenSpan(entry.Base!, entry.Node, run.Key, from, JournalPosition.Of(entry)));
            }
            spans.AddRange(open.Select(left => new OpenSpan(left.Key, entries[0].Node, run.Key, left.Value, end)));
        }
        return spans;
    }

    /// <summary>
    /// What ended the run: its own last word, its death as somebody saw it, or the next run of the same node. A run that wrote something
    /// after the next one began was not ended by it: those are two nodes with one id.
    /// </summary>
    private static JournalPosition? EndOf(List<JournalEntry> run, IReadOnlyList<JournalEntry> journal, IReadOnlyList<ObservedExit> exits)
    {
        var last = run[^1];
        if (last.Event is JournalEvent.Stop or JournalEvent.Crash)
            return JournalPosition.Of(last);
        var seen = exits.Where(exit => exit.Node == last.Node && exit.At >= last.Time).Select(exit => new JournalPosition(exit.At, 0, 0));
        var next = journal.Where(entry => entry.Event == JournalEvent.Start && entry.Node == last.Node && entry.Run != last.Run && entry.Time >= last.Time)
            .Select(JournalPosition.Of);
        var ends = seen.Concat(next).OrderBy(position => position.Time).ToList();
        return ends.Count > 0 ? ends[0] : null;
    }
}
