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
        var torn = 0;
        foreach (var path in paths)
        {
            var tornHere = 0;
            var runs = new HashSet<string>(StringComparer.Ordinal);
            foreach (var line in File.ReadLines(path).Where(line => line.Length > 0))
            {
                try
                {
                    var entry = JournalEntry.FromLine(line);
                    entries.Add(entry);
                    runs.Add(entry.Run);
                }
                catch (JsonException)
                {
                    tornHere++;
                }
            }
            if (tornHere > runs.Count)
                throw new InvalidDataException($"{path}: {tornHere} broken lines of {runs.Count} runs; this is no journal of a node.");
            torn += tornHere;
        }
        return (entries, torn);
    }
}
