namespace BucketProxy.Cluster.Embedded;

/// <summary>Settings of an <see cref="EmbeddedStore"/>.</summary>
public sealed record EmbeddedStoreOptions
{
    /// <summary>Where the store keeps its files. Made if it is not there; used by one process at a time.</summary>
    public required string Directory { get; init; }

    /// <summary>The cluster that the directory must belong to (a new directory gets it). Null: whatever it belongs to;
    /// a new one gets a random identity.</summary>
    public ulong? ClusterId { get; init; }

    /// <summary>Bytes of SQLite's write-ahead log after which it is moved into the database file. Higher: fewer such writes, a
    /// longer start after a crash. At least 4096.</summary>
    public int CheckpointBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Changes that can be watched from afterwards, at least. Higher: more memory, and watchers may be away longer
    /// without reading everything anew. A restart forgets them all.</summary>
    public int HistoryLength { get; init; } = 10_000;

    /// <summary>After how long a call that the disk keeps waiting fails. Its outcome is unknown then.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">One is not allowed: the message names it.</exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(Directory))
            throw new ArgumentException($"{nameof(Directory)} is empty: it must name a directory.");
        if (ClusterId == 0)
            throw new ArgumentException($"{nameof(ClusterId)} is 0: it must be another number, or not set.");
        if (CheckpointBytes < 4096)
            throw new ArgumentException($"{nameof(CheckpointBytes)} is {CheckpointBytes}: it must be 4096 or more.");
        if (HistoryLength < 1)
            throw new ArgumentException($"{nameof(HistoryLength)} is {HistoryLength}: it must be 1 or more.");
        if (CallTimeout <= TimeSpan.Zero)
            throw new ArgumentException($"{nameof(CallTimeout)} is {CallTimeout}: it must be more than 0.");
    }
}
