using System.Collections.Concurrent;

namespace BucketProxy.Emulator.Journaling;

/// <summary>Where a node's journal goes. Implementations are thread-safe.</summary>
public interface IJournalSink
{
    /// <summary>Keeps the entry; when it returns, the entry survives the death of this process (or lives as long as the sink).</summary>
    void Write(JournalEntry entry);
}

/// <summary>A journal in memory, for nodes of one process; several nodes may share it.</summary>
public sealed class MemoryJournal : IJournalSink
{
    private readonly ConcurrentQueue<JournalEntry> _entries = new();

    /// <summary>A copy of what was written so far.</summary>
    public IReadOnlyList<JournalEntry> Entries => [.. _entries];

    /// <inheritdoc/>
    public void Write(JournalEntry entry) => _entries.Enqueue(entry);
}

/// <summary>A JSON-lines file. Unbuffered: a line is with the operating system before an answer is sent, so that kill −9 loses none.</summary>
public sealed class FileJournal : IJournalSink, IDisposable
{
    private readonly Lock _lock = new();
    private readonly FileStream _file;

    /// <param name="path">The file. It is added to; its folder is made.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public FileJournal(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            Directory.CreateDirectory(folder);
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        // A line that the last process could not finish must not swallow ours.
        if (_file.Length > 0 && LastByte(path) != '\n')
            _file.WriteByte((byte)'\n');
    }

    /// <inheritdoc/>
    public void Write(JournalEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        byte[] line = [.. entry.ToLine(), (byte)'\n'];
        lock (_lock)
            _file.Write(line);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static int LastByte(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte();
    }
}
