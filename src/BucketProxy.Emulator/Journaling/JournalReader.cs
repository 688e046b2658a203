using System.Text.Json;

namespace BucketProxy.Emulator.Journaling;

/// <summary>Reads the journals of several nodes.</summary>
public static class JournalReader
{
    /// <summary>
    /// All entries of the files, in file order. A line that a killed process left unfinished is counted, not read: what it told of had not been answered.
    /// </summary>
    /// <exception cref="InvalidDataException">More lines are broken than processes were started: the file is not a journal.</exception>
    public static (IReadOnlyList<JournalEntry> Entries, int TornLines) Read(IEnumerable<string> paths)
    {
        var entries = new List<JournalEntry>();
        var torn = paths.Sum(path => Each(path, entries.Add));
        return (entries, torn);
    }

    /// <summary>Gives out the entries of one file one by one, for a journal that is too long to be kept.</summary>
    /// <returns>How many lines were left unfinished.</returns>
    /// <exception cref="InvalidDataException">As for <see cref="Read"/>.</exception>
    public static int Each(string path, Action<JournalEntry> take)
    {
        ArgumentNullException.ThrowIfNull(take);
        var torn = 0;
        var runs = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(path).Where(line => line.Length > 0))
        {
            try
            {
                var entry = JournalEntry.FromLine(line);
                take(entry);
                runs.Add(entry.Run);
            }
            catch (JsonException)
            {
                torn++;
            }
        }
        return torn <= runs.Count ? torn : throw new InvalidDataException($"{path}: {torn} broken lines of {runs.Count} runs; this is no journal of a node.");
    }
}
