namespace BucketProxy.Cluster.Store;

/// <summary>Something the store could not, or would not, do.</summary>
public abstract class StoreException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What is wrong, in the same words whichever call met it: of one cause, one line is enough.</summary>
    public string Cause { get; init; } = message;
}

/// <summary>The store did not answer in time, or the connection broke.</summary>
public sealed class StoreUnavailableException(string message, bool outcomeUnknown = false, Exception? inner = null)
    : StoreException(message, inner)
{
    /// <summary>True: the call may have been applied all the same. Read before doing anything that depends on it.</summary>
    public bool OutcomeUnknown { get; } = outcomeUnknown;
}

/// <summary>The changes a watch asked for have been compacted away.</summary>
public sealed class StoreCompactedException(long compactRevision)
    : StoreException($"The store's history before revision {compactRevision} is compacted away.")
{
    /// <summary>The oldest revision still there.</summary>
    public long CompactRevision { get; } = compactRevision;
}

/// <summary>The store refuses the call as such; the same call again fails again.</summary>
public sealed class StoreRejectedException(string message, Exception? inner = null) : StoreException(message, inner);
