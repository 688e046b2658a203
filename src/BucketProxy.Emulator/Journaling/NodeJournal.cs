namespace BucketProxy.Emulator.Journaling;

/// <summary>Signs a node's entries with its name, run and time; after <see cref="Close"/> the node is dead and everything it tries fails.</summary>
internal sealed class NodeJournal(string node, DateTimeOffset processStart, IReadOnlyList<IJournalSink> sinks, TimeProvider time)
{
    private static long _sequence;

    private readonly Lock _lock = new();
    private readonly string _run = Guid.NewGuid().ToString("N");
    private bool _closed;

    public void Write(JournalEntry entry) => WriteAfter(static () => { }, entry);

    /// <summary>Does something and writes it down as one step: a crash comes before both or after both.</summary>
    /// <exception cref="ObjectDisposedException">The node has crashed or stopped.</exception>
    public void WriteAfter(Action change, JournalEntry entry)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            change();
            WriteNeedsLock(entry);
        }
    }

    public void Close(JournalEvent last)
    {
        lock (_lock)
        {
            if (_closed)
                return;
            WriteNeedsLock(new JournalEntry { Event = last });
            _closed = true;
        }
    }

    private void WriteNeedsLock(JournalEntry entry)
    {
        var now = time.GetUtcNow();
        var signed = entry with
        {
            Node = node,
            Run = _run,
            ProcessStart = processStart,
            Time = entry.Time == default ? now : entry.Time,
            Process = Environment.ProcessId,
            Sequence = Interlocked.Increment(ref _sequence),
        };
        foreach (var sink in sinks)
            sink.Write(signed);
    }
}
