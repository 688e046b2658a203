using BucketProxy.Emulator.Checking;
using BucketProxy.Emulator.Journaling;

namespace BucketProxy.Demo;

/// <summary>
/// The nodes' journal, of bounded size however long the demonstration runs. Who served is judged while it runs, once the owners of that time are known
/// for certain, and then forgotten; what was opened, saved and closed is judged at the end, and stands in a file until then. Thread-safe.
/// </summary>
/// <param name="owners">Who owned what.</param>
/// <param name="slack">How far their times may be off.</param>
/// <param name="file">For what is judged at the end.</param>
internal sealed class JudgedJournal(OwnershipHistory owners, TimeSpan slack, string file) : IJournalSink, IDisposable
{
    // The older half is judged when there are so many: a minute old by then at the sample clients' rate, when the witness's watch is long done.
    private const int Kept = 50_000;

    private readonly Lock _lock = new();
    private readonly FileJournal _kept = new(file);
    private readonly List<ForeignServe> _foreign = [];
    private List<JournalEntry> _serves = [];
    private long _judged;

    /// <summary>What is kept for the end: opened, saved, closed.</summary>
    public IReadOnlyList<JournalEntry> Read() => JournalReader.Read([file]).Entries;

    /// <summary>Serves that wait to be judged.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _serves.Count;
        }
    }

    /// <inheritdoc/>
    public void Write(JournalEntry entry)
    {
        lock (_lock)
        {
            switch (entry.Event)
            {
                case JournalEvent.Serve:
                    _serves.Add(entry);
                    if (_serves.Count >= Kept)
                        JudgeNeedsLock(Kept / 2);
                    break;
                case JournalEvent.Append or JournalEvent.Delete:
                    // Rows are judged by what the clients were promised.
                    break;
                default:
                    _kept.Write(entry);
                    break;
            }
        }
    }

    /// <summary>Judges what is left, when all nodes have stopped.</summary>
    /// <returns>How many were judged in all, and those served by a node that did not own their base.</returns>
    public (long Judged, IReadOnlyList<ForeignServe> Foreign) JudgeAll()
    {
        lock (_lock)
        {
            JudgeNeedsLock(_serves.Count);
            return (_judged, [.. _foreign]);
        }
    }

    /// <summary>Closes the file; <see cref="Read"/> goes on.</summary>
    public void Dispose() => _kept.Dispose();

    private void JudgeNeedsLock(int count)
    {
        _foreign.AddRange(OwnershipChecker.JudgeServes(_serves[..count], owners, slack));
        _judged += count;
        _serves = _serves[count..];
    }
}
