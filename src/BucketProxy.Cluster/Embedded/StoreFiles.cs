using BucketProxy.Cluster.Durability;

namespace BucketProxy.Cluster.Embedded;

/// <summary>
/// The names of an embedded store's files, and how a whole new database takes the place of another.
/// </summary>
/// <remarks>
/// A database and its log are one: a log beside another database would be written into it. So a new database first gets a
/// name of its own that counts before the old one's (<see cref="Ready"/>); then the old log goes, then the old database. A
/// start finishes what a crash cut short.
/// </remarks>
internal static class StoreFiles
{
    /// <summary>The database.</summary>
    public const string Database = "store.db";

    /// <summary>SQLite's log: commits that are not in the database file yet.</summary>
    public const string Log = "store.db-wal";

    /// <summary>A database that is being written.</summary>
    public const string New = "store.db.new";

    /// <summary>A whole database that counts in place of the other one and its log.</summary>
    public const string Ready = "store.db.ready";

    /// <summary>The <see cref="CommitMark"/>.</summary>
    public const string Mark = "acknowledged";

    /// <summary>A file as version 0.1 wrote it; null: there is none.</summary>
    public static string? OfAnEarlierVersion(IDisk disk) => disk.List().FirstOrDefault(
        n => n.StartsWith("snapshot-", StringComparison.Ordinal) || n.StartsWith("log-", StringComparison.Ordinal));

    /// <summary>Deletes what an earlier try to write a new database left.</summary>
    public static void DropNew(IDisk disk)
    {
        disk.Delete(New);
        DropLog(disk, New);
    }

    /// <summary>Makes the new database count. When this returns it survives a crash.</summary>
    public static void Promote(IDisk disk)
    {
        // The content before the name: else the name can survive a crash that the content does not.
        disk.Flush(New);
        disk.Rename(New, Ready);
        disk.FlushNames();
    }

    /// <summary>Puts a database that counts into its place, if there is one.</summary>
    public static void Install(IDisk disk)
    {
        if (!disk.List().Contains(Ready))
            return;
        DropLog(disk, Database);
        // The old log must be gone before the new database has its name: else a crash leaves it beside that one.
        disk.FlushNames();
        disk.Rename(Ready, Database);
        disk.FlushNames();
    }

    private static void DropLog(IDisk disk, string database)
    {
        foreach (var ending in (ReadOnlySpan<string>)["-wal", "-shm", "-journal"])
            disk.Delete(database + ending);
    }
}
