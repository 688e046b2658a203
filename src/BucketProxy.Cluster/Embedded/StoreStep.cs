namespace BucketProxy.Cluster.Embedded;

/// <summary>What a <see cref="StoreDatabase"/> is about to do. Tests wait, fail or look at the files there.</summary>
internal enum StoreStep
{
    /// <summary>Writing the rows of a transaction.</summary>
    Write,

    /// <summary>Committing it: SQLite flushes its log here.</summary>
    Commit,

    /// <summary>Answering: it is on disk.</summary>
    Answer,

    /// <summary>Moving the log into the database file.</summary>
    Checkpoint,

    /// <summary>Writing everything to a new database file.</summary>
    Build,

    /// <summary>Making that file count.</summary>
    Promote,

    /// <summary>Putting it in the old one's place.</summary>
    Install,
}
